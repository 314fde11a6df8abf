package kr.example.wallet.behaviours

import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.test.runTest
import kr.example.wallet.PlatformHttp
import kr.example.wallet.ReadingEvent
import kr.example.wallet.behaviours.Stage.Companion.play
import kr.example.wallet.core.CardAccessView
import kr.example.wallet.core.CardLink
import kr.example.wallet.core.Clock
import kr.example.wallet.core.ClockException
import kr.example.wallet.core.CommandOp
import kr.example.wallet.core.Http
import kr.example.wallet.core.HttpException
import kr.example.wallet.core.HttpRequest
import kr.example.wallet.core.HttpResponse
import kr.example.wallet.core.LinkException
import kr.example.wallet.core.LinkLimits
import kr.example.wallet.core.Now
import kr.example.wallet.core.WalletException
import kr.example.wallet.simulator.SystemClock
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertIs
import kotlin.test.assertTrue

/** What the shell over the bindings adds to them. */
class MobileIdTest {
    @Test
    fun `a clock that fails is the same failure in a frame as in any other call`() =
        play {
            val clock =
                object : Clock {
                    var broken: Throwable? = null

                    override fun now(): Now = broken?.let { throw it } ?: SystemClock().now()
                }
            val phone = phone()
            phone.unlocked(clock = clock).use {
                phone.enrol(it)
                val show = it.showAdult()
                for (failure in listOf(ClockException.Failed(7), IllegalStateException("planted"), AssertionError("planted"))) {
                    clock.broken = failure
                    val elsewhere = assertFailsWith<WalletException.Unavailable> { it.scan("KD1:ABC") }
                    assertEquals(elsewhere.code, assertFailsWith<WalletException.Unavailable> { it.frame(show) }.code, "$failure")
                    assertFailsWith<WalletException.Unavailable> { it.frames(show).first() }
                }
                clock.broken = null
                assertTrue(counter().check(it.frame(show).text, now(), 0).accepted)
            }
        }

    /** The next answers to a poll for commands; the issuer's own when there is none left. */
    private class Answers : Http {
        val next = ArrayDeque<() -> HttpResponse>()

        override suspend fun send(request: HttpRequest): HttpResponse {
            val polls = "\"wait\":25" in request.body.decodeToString()
            return (if (polls) next.removeFirstOrNull() else null)?.invoke() ?: PlatformHttp().send(request)
        }
    }

    @Test
    fun `commands go on after an issuer that is not reached, refuses or is not believed`() =
        play {
            val http = Answers()
            val phone = phone()
            phone.unlocked(http = http).use {
                phone.enrol(it)
                http.next += { throw HttpException.Offline() }
                http.next += { HttpResponse(503u, emptyMap(), ByteArray(0)) }
                http.next += { throw HttpException.Tls() }
                simulator.reportLost()
                // On a clock of its own, which does not wait for the pauses.
                runTest { assertEquals(CommandOp.LOCK, it.commands().first()) }
                assertTrue(http.next.isEmpty())
            }
        }

    @Test
    fun `any other failure ends the commands, and whoever collects hears of it`() =
        play {
            val http = Answers()
            val phone = phone()
            phone.unlocked(http = http).use {
                phone.enrol(it)
                http.next += { throw HttpException.Failed(7) }
                val failed = assertFailsWith<WalletException.Unavailable> { it.commands().first() }
                assertEquals(7, failed.code)
            }
        }

    @Test
    fun `a wallet that was wiped or closed has no commands`() =
        play {
            val phone = phone()
            val id = phone.enrolled()
            id.wipe()
            assertEquals(emptyList(), id.commands().toList())
            id.close()
            assertEquals(emptyList(), id.commands().toList())
        }

    @Test
    fun `a card that left before its first command is asked for again`() =
        play {
            phone().open().use { id ->
                val left =
                    object : CardLink {
                        override suspend fun transceive(apdu: ByteArray): ByteArray = throw LinkException.TagLost()

                        override suspend fun limits(): LinkLimits = throw LinkException.TagLost()
                    }
                val told = mutableListOf<WalletException?>()
                val events =
                    id
                        .reading(CardAccessView.Can(simulator.can())) { lost ->
                            told += lost
                            if (lost == null) left else simulator.tap()
                        }.toList()
                assertIs<WalletException.CardLost>(told.last())
                assertEquals(2, told.size)
                assertIs<ReadingEvent.Done>(events.last())
            }
        }
}
