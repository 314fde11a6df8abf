package kr.example.wallet.android

import android.nfc.NfcAdapter
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kr.example.wallet.android.fake.Antenna
import kr.example.wallet.android.fake.reader
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.shadows.ShadowNfcAdapter
import kotlin.test.assertEquals
import kotlin.test.assertIs
import kotlin.test.assertNotNull
import kotlin.test.assertNull

@RunWith(RobolectricTestRunner::class)
class CardTapTest {
    @get:Rule val phone = Phone()
    private val adapter by lazy { NfcAdapter.getDefaultAdapter(phone.application).also { reader(it).setEnabled(true) } }
    private val taps by lazy {
        adapter
        CardTap(phone.screen.get())
    }

    @Test
    fun `the reader listens for chip cards alone and leaves long between its own checks`() =
        patiently {
            collecting {
                val reading = assertNotNull(Antenna.reading)
                val wanted = NfcAdapter.FLAG_READER_NFC_A or NfcAdapter.FLAG_READER_NFC_B or NfcAdapter.FLAG_READER_SKIP_NDEF_CHECK
                assertEquals(wanted, reading.flags)
                assertEquals(1000, reading.extras?.getInt(NfcAdapter.EXTRA_READER_PRESENCE_CHECK_DELAY))
            }
        }

    @Test
    fun `the antenna goes back to the system when the screen stops listening`() =
        patiently {
            collecting { assertNotNull(Antenna.reading) }
            assertNull(Antenna.reading)
        }

    @Test
    fun `a screen that is gone when its listener ends is left alone`() =
        patiently {
            collecting {
                assertNotNull(Antenna.reading)
                // As when the phone is turned: the listener's end comes after the screen's.
                onMain {
                    phone.screen
                        .pause()
                        .stop()
                        .destroy()
                }
            }
        }

    @Test
    fun `a chip card is a link and a sticker is said to be none`() =
        patiently {
            collecting { seen ->
                reader(adapter).dispatchTagDiscovered(Antenna.chipCard())
                assertIs<Tap.Card>(seen.receive())
                reader(adapter).dispatchTagDiscovered(Antenna.sticker())
                assertIs<Tap.NotACard>(seen.receive())
            }
        }

    @Test
    fun `one tap can be waited for`() =
        patiently {
            coroutineScope {
                val first = async(Dispatchers.Unconfined) { taps.taps().first() }
                reader(adapter).dispatchTagDiscovered(Antenna.chipCard())
                assertIs<Tap.Card>(first.await())
            }
            assertNull(Antenna.reading)
        }

    @Test
    fun `a phone says whether it can read`() {
        assertEquals(NfcState.READY, taps.state())
        reader(adapter).setEnabled(false)
        assertEquals(NfcState.OFF, taps.state())
    }

    @Test
    fun `a phone without nfc has no taps`() =
        patiently {
            ShadowNfcAdapter.setNfcHardwareExists(false)
            val none = CardTap(phone.screen.get())
            assertEquals(NfcState.MISSING, none.state())
            assertEquals(emptyList(), none.taps().toList())
        }

    private suspend fun collecting(body: suspend (Channel<Tap>) -> Unit) =
        coroutineScope {
            val seen = Channel<Tap>(Channel.UNLIMITED)
            val listening = launch(Dispatchers.Unconfined) { taps.taps().collect { seen.send(it) } }
            body(seen)
            listening.cancelAndJoin()
        }
}
