package kr.example.wallet.android

import android.nfc.TagLostException
import android.nfc.tech.IsoDep
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.asExecutor
import kotlinx.coroutines.async
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kr.example.wallet.android.fake.Antenna
import kr.example.wallet.core.LinkException
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import java.io.IOException
import java.util.concurrent.CountDownLatch
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue

@RunWith(RobolectricTestRunner::class)
class IsoDepLinkTest {
    @get:Rule val phone = Phone()

    @Volatile private var now = 0L
    private val link by lazy(::another)

    private fun another() = IsoDepLink(IsoDep.get(Antenna.chipCard()), { now }, Dispatchers.IO.asExecutor())

    @Test
    fun `it connects once and waits ten seconds for a chip that computes`() =
        patiently {
            Antenna.card = { it + byteArrayOf(0x90.toByte(), 0) }
            assertContentEquals(byteArrayOf(1, 2, 0x90.toByte(), 0), link.transceive(byteArrayOf(1, 2)))
            link.transceive(byteArrayOf(3))
            assertEquals(listOf("connect", "timeout 10000"), Antenna.done.toList())
        }

    @Test
    fun `a card that left is lost`() {
        for (failure in listOf(TagLostException("Tag was lost."), SecurityException("Tag is out of date"))) {
            assertFailsWith<LinkException.TagLost> { send { throw failure } }
        }
        Antenna.noConnection = true
        assertFailsWith<LinkException.TagLost> { send { it } }
    }

    @Test
    fun `a card that left is not connected again, though it may lie there once more`() =
        patiently {
            link.transceive(byteArrayOf(1))
            Antenna.isThere = false
            assertFailsWith<LinkException.TagLost> { link.transceive(byteArrayOf(2)) }
            Antenna.isThere = true
            assertFailsWith<LinkException.TagLost>("another tag to the system") { link.transceive(byteArrayOf(3)) }
            assertEquals(1, Antenna.done.count { it == "connect" })
        }

    @Test
    fun `a card that kept silent for ten seconds did not leave`() {
        val silences = listOf(TagLostException("Tag was lost."), IOException("Transceive failed"))
        for (silence in silences) {
            assertFailsWith<LinkException.Timeout> {
                send {
                    now += IsoDepLink.TIMEOUT
                    throw silence
                }
            }
            val soon =
                runCatching {
                    send {
                        now += IsoDepLink.TIMEOUT - 1L
                        throw silence
                    }
                }
            assertFalse(soon.exceptionOrNull() is LinkException.Timeout)
        }
    }

    @Test
    fun `a radio that fails and a tag in use carry a number`() {
        assertEquals(IsoDepLink.IO, assertFailsWith<LinkException.Failed> { send { throw IOException("Transceive failed") } }.osCode)
        assertEquals(IsoDepLink.STATE, assertFailsWith<LinkException.Failed> { send { throw IllegalStateException() } }.osCode)
        assertEquals(IsoDepLink.UNKNOWN, assertFailsWith<LinkException.Failed> { send { throw RuntimeException() } }.osCode)
    }

    @Test
    fun `what is too long is not sent`() {
        var sent = 0
        Antenna.longest = 300
        val answer = { bytes: ByteArray -> bytes.also { sent++ } }
        assertFailsWith<LinkException.TooLong> { send(ByteArray(301), answer) }
        assertEquals(0, sent)
        send(ByteArray(300), answer)
        assertEquals(1, sent)
    }

    @Test
    fun `limits are the phone's and extended length is said where it fits`() =
        patiently {
            val extended = link.limits()
            assertEquals(listOf(65_279u, 65_279u), listOf(extended.maxCommand, extended.maxResponse))
            assertTrue(extended.extended)
            Antenna.extended = false
            Antenna.longest = 261
            val short = link.limits()
            assertEquals(listOf(261u, 258u), listOf(short.maxCommand, short.maxResponse))
            assertFalse(short.extended)
            Antenna.extended = true
            assertFalse(link.limits().extended, "no room for it")
        }

    @Test
    fun `closing the sheet ends what is under way`() {
        patiently {
            val (asked, closed) = CountDownLatch(1) to CountDownLatch(1)
            Antenna.card = {
                asked.countDown()
                closed.await()
                throw IOException("closed")
            }
            coroutineScope {
                val reading = async(Dispatchers.Default) { runCatching { link.transceive(byteArrayOf(0)) } }
                asked.await()
                link.close()
                closed.countDown()
                assertTrue(reading.await().exceptionOrNull() is LinkException.Cancelled)
            }
            assertFailsWith<LinkException.Cancelled> { link.transceive(byteArrayOf(0)) }
        }
    }

    @Test
    fun `a cancelled coroutine hangs up and does not wait for the card`() =
        patiently {
            val (asked, never) = CountDownLatch(1) to CountDownLatch(1)
            Antenna.card = {
                asked.countDown()
                never.await()
                it
            }
            coroutineScope {
                val reading = launch(Dispatchers.Default) { link.transceive(byteArrayOf(0)) }
                asked.await()
                reading.cancel()
                reading.join()
                assertEquals(1L, never.count, "the card has not answered yet")
            }
            assertFailsWith<LinkException.Cancelled>("it hung up") { link.transceive(byteArrayOf(0)) }
            never.countDown()
        }

    @Test
    fun `only a chip card has a link`() {
        assertNotNull(IsoDepLink.of(Antenna.chipCard()))
        assertNull(IsoDepLink.of(Antenna.sticker()))
    }

    private fun send(
        command: ByteArray = byteArrayOf(0, 1, 2, 3),
        answer: (ByteArray) -> ByteArray,
    ): ByteArray {
        Antenna.card = answer
        return runBlocking { another().transceive(command) }
    }
}
