package kr.example.wallet.app

import android.app.Activity
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.yield
import kr.example.wallet.MobileId
import kr.example.wallet.PlatformHttp
import kr.example.wallet.core.Language
import kr.example.wallet.core.Platform
import kr.example.wallet.core.WalletException
import kr.example.wallet.simulator.MemoryAnchor
import kr.example.wallet.simulator.SystemClock
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import java.io.File
import kotlin.io.path.createTempDirectory
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertTrue

/** The system speaks another language, or the citizen looks away, while the wallet is in use. */
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

    /** A door that runs everything at once, as far as it comes, to an empty wallet; it is open as long as its cards can be asked for. */
    private fun through(
        lock: (MobileId) -> Unit = MobileId::lock,
        test: suspend CoroutineScope.(Door) -> Unit,
    ) {
        val folder = createTempDirectory("door").toFile()
        val phone = stage.simulator.phone("door")
        val platform = Platform(phone, MemoryAnchor(), PlatformHttp(), SystemClock(), phone)
        val door = Door({ platform }, { stage.simulator.config(File(folder, "vault"), it) }, Dispatchers.Unconfined, lock)
        try {
            runBlocking { withTimeout(PATIENCE) { test(door) } }
        } finally {
            door.close()
            phone.close()
            folder.deleteRecursively()
        }
    }

    private fun MobileId.isOpen() =
        try {
            cards()
            true
        } catch (_: WalletException.Locked) {
            false
        }

    private suspend fun Door.isOpen() = with(Language.ENGLISH) { it.isOpen() }

    /** An errand that unlocks, and goes on when it is told to; gives whether the wallet was open at its end. */
    private fun CoroutineScope.errand(
        door: Door,
        go: CompletableDeferred<Unit>,
    ) = async(Dispatchers.Unconfined) {
        door.with(Language.ENGLISH) { id ->
            id.unlock()
            go.await()
            id.isOpen()
        }
    }

    @Test
    fun `who leaves in the middle of an errand and comes back finds the wallet locked after it`() =
        through { door ->
            val go = CompletableDeferred<Unit>()
            val errand = errand(door, go)
            until { door.seesOpen() }
            door.away()
            door.back()
            go.complete(Unit)
            assertTrue(errand.await(), "not while it is needed")
            assertFalse(door.isOpen())
        }

    @Test
    fun `the next errand waits until the lock that is owed is paid`() =
        through { door ->
            val go = CompletableDeferred<Unit>()
            val first = errand(door, go)
            until { door.seesOpen() }
            door.away()
            door.back()
            val second = async(Dispatchers.Unconfined) { door.isOpen() }
            assertFalse(second.isCompleted, "the first runs still")
            go.complete(Unit)
            assertTrue(first.await())
            assertFalse(second.await())
        }

    @Test
    fun `a lock that fails takes no result away, and is owed until it happens`() {
        var fails = true
        through({ if (fails) throw WalletException.Unavailable(1) else it.lock() }) { door ->
            door.with(Language.ENGLISH) { it.unlock() }
            door.away()
            door.back()
            assertFailsWith<WalletException.Unavailable>("no errand begins before it") { door.isOpen() }
            fails = false
            assertFalse(door.isOpen())

            val go = CompletableDeferred<Unit>()
            val errand = errand(door, go)
            until { door.seesOpen() }
            fails = true
            door.away()
            go.complete(Unit)
            assertTrue(errand.await(), "its result is its own")
            door.back()
            fails = false
            assertFalse(door.isOpen())
        }
    }

    /** Whether an errand has opened it, seen from beside. */
    private suspend fun Door.seesOpen() = beside(Language.ENGLISH) { it.isOpen() }

    private suspend fun until(condition: suspend () -> Boolean) {
        while (!condition()) yield()
    }

    @Test
    fun `another screen of the app is no leaving, and another app is`() {
        stage.enrolled()
        val provider = Robolectric.buildActivity(Activity::class.java).setup()
        stage.leave()
        assertTrue(runBlocking { door.isOpen() }, "a face provider's screen is in front")
        provider.pause().stop()
        assertFalse(runBlocking { door.isOpen() })
        provider.destroy()
    }

    private companion object {
        const val CARD = "resident_card"
        const val LONGEST_POLL = 25
        const val PATIENCE = 20_000L
        const val TRIES = 30
    }
}
