package kr.example.wallet.android

import android.nfc.NfcAdapter
import android.security.keystore.KeyGenParameterSpec
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.last
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.yield
import kr.example.wallet.EnrolmentEvent
import kr.example.wallet.MobileId
import kr.example.wallet.android.fake.Antenna
import kr.example.wallet.android.fake.Citizen
import kr.example.wallet.android.fake.Hardware
import kr.example.wallet.android.fake.PlainCertificate
import kr.example.wallet.android.fake.reader
import kr.example.wallet.core.CardView
import kr.example.wallet.core.Counter
import kr.example.wallet.core.DeskSettings
import kr.example.wallet.core.Disclosure
import kr.example.wallet.core.UserAuthentication
import kr.example.wallet.core.WalletException
import kr.example.wallet.core.WalletState
import kr.example.wallet.simulator.SimulatedPhone
import kr.example.wallet.simulator.Simulator
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import java.io.File
import java.net.URI
import java.security.PublicKey
import java.security.cert.Certificate
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertIs
import kotlin.test.assertNotNull
import kotlin.test.assertTrue

/** The whole wallet over this phone's seams, with the core underneath and the simulator's desk and chip on the other side. */
@RunWith(RobolectricTestRunner::class)
class EnrolOnAndroidTest {
    @get:Rule val phone = Phone()
    private lateinit var simulator: Simulator

    @Test
    fun `a card at the antenna becomes an id that a counter accepts and each show is one prompt`() =
        onPhone { id ->
            id.unlock()
            val card = enrol(id)
            assertEquals(0, Citizen.shown.count { it.crypto?.signature != null }, "keys are proven by their attestation, not by signing")
            repeat(2) {
                val before = Citizen.shown.size
                val show = id.show(card.id, Disclosure.ADULT_ONLY)
                val verdict = counter().check(id.frame(show).text, System.currentTimeMillis() / 1000, 0)
                assertTrue(verdict.accepted, verdict.toString())
                assertEquals(before + 1, Citizen.shown.size)
                assertNotNull(
                    Citizen.shown
                        .last()
                        .crypto
                        ?.signature,
                )
            }
        }

    @Test
    fun `a locked wallet opens with one prompt and a dismissed prompt leaves it locked`() =
        onPhone { id ->
            id.unlock()
            enrol(id)
            id.lock()
            Citizen.shown.clear()
            Citizen.deeds += Citizen.Deed.PressCancel
            assertFailsWith<WalletException.UserCancelled> { id.unlock() }
            assertEquals(WalletState.LOCKED, id.state())
            id.unlock()
            assertEquals(2, Citizen.shown.size)
            assertNotNull(
                Citizen.shown
                    .last()
                    .crypto
                    ?.cipher,
            )
            assertEquals(1, id.cards().size)
        }

    @Test
    fun `another finger on the phone ends the id and the way on is to start over`() =
        onPhone { id ->
            id.unlock()
            val card = enrol(id)
            Hardware.enrolAnotherFinger()
            assertFailsWith<WalletException.KeyInvalidated> { id.show(card.id, Disclosure.ADULT_ONLY) }
            id.lock()
            assertFailsWith<WalletException.KeyInvalidated> { id.unlock() }
            id.startOver()
            id.unlock()
            assertEquals(0, id.cards().size)
        }

    private fun onPhone(test: suspend (MobileId) -> Unit) =
        patiently {
            // A desk of its own: an ID belongs to one phone at a time.
            Simulator.start().use { running ->
                simulator = running
                simulator.phone("android").use { provider ->
                    Hardware.vouch = { key, spec -> vouch(provider, key, spec) }
                    val platform = AndroidPlatform.create(phone.application, phone.prompts, provider)
                    val vault = File(phone.application.noBackupFilesDir.apply { mkdirs() }, "vault")
                    MobileId.open(platform, simulator.config(vault)).use { test(it) }
                }
            }
        }

    /** Taps the simulator's card, and reads it while the reader is on. */
    private suspend fun enrol(id: MobileId): CardView {
        var made: CardView? = null
        simulator.tap().use { card ->
            Antenna.card = { command -> runBlocking { card.transceive(command) } }
            val taps = CardTap(phone.screen.get())
            coroutineScope {
                launch {
                    while (Antenna.reading == null) yield()
                    reader(NfcAdapter.getDefaultAdapter(phone.application)).dispatchTagDiscovered(Antenna.chipCard())
                }
                taps.taps().first { tap ->
                    val link = assertIs<Tap.Card>(tap).link
                    link.use { made = (id.enrolling(it, simulator.can()).last() as EnrolmentEvent.Done).card }
                    true
                }
            }
        }
        return assertNotNull(made)
    }

    private fun counter(): Counter {
        val pack = URI(simulator.desk + "/counter-pack").toURL().openStream().use { it.readBytes() }
        val settings = DeskSettings(simulator.deskId, false, false)
        return Counter.open(pack, simulator.packAuthority, 0u, settings, System.currentTimeMillis() / 1000)
    }

    /** What a phone's maker would say of the key, said by the maker of test hardware. */
    private fun vouch(
        provider: SimulatedPhone,
        key: PublicKey,
        spec: KeyGenParameterSpec,
    ): List<Certificate> {
        val challenge = spec.attestationChallenge ?: return listOf(PlainCertificate(key, key.encoded))
        val authentication = if (spec.isUserAuthenticationRequired) UserAuthentication.EachUse else UserAuthentication.None
        return runBlocking { provider.attest(point(key), authentication, challenge) }.map { PlainCertificate(key, it) }
    }
}
