package kr.example.wallet.app

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kr.example.wallet.MobileId
import kr.example.wallet.core.Language
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith

/** The system speaks another language while the wallet is in use. */
@RunWith(RobolectricTestRunner::class)
class DoorTest {
    @get:Rule
    internal val stage = Stage()

    private val door: Door
        get() = stage.app.door

    /** By what it calls the card. */
    private fun MobileId.speaks() = if (documentName(CARD).any { it in '가'..'힣' }) Language.KOREAN else Language.ENGLISH

    @Test
    fun `what runs beside makes room for the other language, and begins anew`() {
        stage.enrolled()
        stage.leave()
        runBlocking {
            withTimeout(PATIENCE) {
                val begun = Channel<Language>(Channel.UNLIMITED)
                // As long as the issuer has no command, which is the longest that anything runs beside.
                val beside =
                    async(Dispatchers.Default) {
                        door.beside(Language.ENGLISH) { id ->
                            begun.send(id.speaks())
                            id.receiveCommands(LONGEST_POLL)
                        }
                    }
                assertEquals(Language.ENGLISH, begun.receive())
                assertEquals(Language.KOREAN, door.with(Language.KOREAN) { it.speaks() })
                assertEquals(Language.KOREAN, begun.receive(), "with the wallet that speaks it")
                beside.cancel()
            }
        }
    }

    @Test
    fun `an errand keeps its wallet, and the language waits for its end`() {
        stage.enrolled()
        stage.leave()
        runBlocking {
            withTimeout(PATIENCE) {
                val (begun, go) = Channel<Unit>() to Channel<Unit>()
                val errand =
                    async(Dispatchers.Default) {
                        door.with(Language.ENGLISH) { id ->
                            begun.send(Unit)
                            go.receive()
                            id.speaks()
                        }
                    }
                begun.receive()
                assertEquals(Language.ENGLISH, door.with(Language.KOREAN) { it.speaks() })
                go.send(Unit)
                assertEquals(Language.ENGLISH, errand.await())
                assertEquals(Language.KOREAN, door.with(Language.KOREAN) { it.speaks() })
            }
        }
    }

    @Test
    fun `whoever was cancelled on the way in holds no language`() {
        stage.enrolled()
        stage.leave()
        runBlocking {
            withTimeout(PATIENCE) {
                repeat(TRIES) { number ->
                    val errand = async(Dispatchers.Default) { door.with(Language.ENGLISH) { delay(PATIENCE) } }
                    delay(number.toLong() % 3)
                    errand.cancel()
                    assertFailsWith<CancellationException> { errand.await() }
                }
                assertEquals(Language.KOREAN, door.with(Language.KOREAN) { it.speaks() })
            }
        }
    }

    private companion object {
        const val CARD = "resident_card"
        const val LONGEST_POLL = 25
        const val PATIENCE = 20_000L
        const val TRIES = 30
    }
}
