package kr.example.wallet.app

import android.content.Intent
import android.content.pm.PackageManager
import android.nfc.NfcAdapter
import android.provider.Settings
import android.widget.ImageView
import android.widget.RadioButton
import kr.example.wallet.core.EventKind
import kr.example.wallet.core.Language
import kr.example.wallet.core.WalletException
import kr.example.wallet.core.eventText
import kr.example.wallet.text
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.Shadows.shadowOf
import org.robolectric.shadows.ShadowNfcAdapter
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertTrue

@RunWith(RobolectricTestRunner::class)
class CardTest {
    @get:Rule
    internal val stage = Stage()

    private fun Stage.isMasked(): Boolean = sees(CardPart.DOTS) && texts().none { it.matches(NUMBER) }

    @Test
    fun `the back of the number and the address are hidden until the citizen proves to be there`() =
        with(stage) {
            enrolled()
            assertTrue(isMasked())
            val before = prompts()
            press(R.string.card_details)
            until { !isMasked() }
            assertEquals(before + 1, prompts())
            assertTrue(sees(R.string.card_hide, HomePresenter.DETAIL_SECONDS))
        }

    @Test
    fun `the countdown hides them again`() =
        with(stage) {
            enrolled()
            press(R.string.card_details)
            until { !isMasked() }
            pass(HomePresenter.DETAIL_SECONDS - 1)
            assertFalse(isMasked())
            pass(1)
            assertTrue(isMasked())
        }

    @Test
    fun `they are hidden at a touch, and when the citizen looks elsewhere`() =
        with(stage) {
            enrolled()
            press(R.string.card_details)
            until { !isMasked() }
            press(text(R.string.card_hide, HomePresenter.DETAIL_SECONDS))
            assertTrue(isMasked())
            press(R.string.card_details)
            until { !isMasked() }
            leave()
            assertTrue(isMasked())
        }

    @Test
    fun `details that are opened while the citizen is elsewhere are not shown`() =
        with(stage) {
            // The first prompt is the enrolment's.
            val slow = SlowPrompt(hardware, at = 2).also { keys = it }
            enrolled()
            press(R.string.card_details)
            until { slow.isUp }
            leave()
            comeBack()
            slow.go.complete(Unit)
            until { sees(R.string.unlock) }
            pass(2)
            assertTrue(texts().none { it.matches(NUMBER) }, "${texts()}")
            assertFalse(sees(R.string.card_show))
        }

    @Test
    fun `details that are opened behind another screen are hidden when it goes`() =
        with(stage) {
            val slow = SlowPrompt(hardware, at = 2).also { keys = it }
            enrolled()
            press(R.string.card_details)
            until { slow.isUp }
            press(R.string.lost_button)
            slow.go.complete(Unit)
            until { app.door.isFree }
            press("‹")
            until { sees(R.string.card_show) }
            pass(2)
            assertTrue(isMasked())
        }

    @Test
    fun `a refused prompt for the details locks the wallet`() =
        with(stage) {
            enrolled()
            next("cancel")
            press(R.string.card_details)
            until { sees(R.string.unlock) }
            assertTrue(sees(WalletException.UserCancelled().text(Language.ENGLISH).what))
            press(R.string.unlock)
            until { sees(R.string.card_show) }
            assertTrue(isMasked())
        }

    @Test
    fun `who leaves the app must unlock it again`() =
        with(stage) {
            enrolled()
            leave()
            comeBack()
            until { sees(WalletException.Locked().text(Language.ENGLISH).what) }
            val before = prompts()
            press(R.string.unlock)
            until { sees(R.string.card_show) }
            assertEquals(before + 1, prompts())
        }

    @Test
    fun `a turned phone is not asked again`() =
        with(stage) {
            enrolled()
            val before = prompts()
            turn()
            until { sees(R.string.card_show) }
            assertEquals(before, prompts())
        }

    @Test
    fun `the photo is drawn and described`(): Unit =
        with(stage) {
            enrolled()
            val photo = views<ImageView>().single()
            assertEquals(text(R.string.card_portrait), photo.contentDescription)
            assertTrue(photo.drawable.intrinsicWidth > 0)
        }

    @Test
    fun `the history tells what was done`() =
        with(stage) {
            enrolled()
            press(R.string.card_show)
            until { views<RadioButton>().isNotEmpty() }
            press(R.string.show_now)
            until { views<CodeView>().isNotEmpty() }
            press(R.string.show_stop)
            until { sees(R.string.card_history) }
            press(R.string.card_history)
            until { sees(eventText(EventKind.SHOWN_AT_COUNTER, Language.ENGLISH)) }
            assertTrue(sees(eventText(EventKind.CARD_ADDED, Language.ENGLISH)))
            assertTrue(sees(R.string.history_unverified))
        }

    @Test
    fun `the history comes back after the process died, behind a prompt`() =
        with(stage) {
            enrolled()
            press(R.string.card_history)
            until { sees(eventText(EventKind.CARD_ADDED, Language.ENGLISH)) }
            val before = prompts()
            die()
            until { sees(eventText(EventKind.CARD_ADDED, Language.ENGLISH)) }
            assertEquals(before + 1, prompts())
        }

    @Test
    fun `a lost phone's screen dials the operator and the call centre`() =
        with(stage) {
            open()
            until { sees(R.string.welcome_title) }
            press(R.string.lost_button)
            for (number in listOf(text(R.string.number_operator), text(R.string.number_centre))) {
                press(text(R.string.lost_call, number))
                val call = opened()
                assertEquals(Intent.ACTION_DIAL, call.action)
                assertEquals("tel:$number", call.dataString)
            }
        }

    @Test
    fun `without biometrics nothing begins, and the settings are a touch away`() =
        with(stage) {
            biometrics(false)
            open()
            until { sees(WalletException.NoBiometrics().text(Language.ENGLISH).what) }
            assertFalse(views<android.widget.Button>().single { it.text == text(R.string.welcome_scan_centre) }.isEnabled)
            press(R.string.open_settings)
            assertEquals(Settings.ACTION_BIOMETRIC_ENROLL, opened().action)
        }

    @Test
    fun `nfc switched off is told with the way to the switch`() =
        with(stage) {
            nfc(false)
            open()
            until { sees(R.string.nfc_off) }
            assertFalse(sees(R.string.welcome_read_card))
            press(R.string.open_settings)
            assertEquals(Settings.ACTION_NFC_SETTINGS, opened().action)
        }

    @Test
    fun `a phone without nfc is sent to a centre`() =
        with(stage) {
            shadowOf(app.packageManager).setSystemFeature(PackageManager.FEATURE_NFC, false)
            ShadowNfcAdapter.setNfcHardwareExists(false)
            open()
            until { sees(R.string.no_nfc) }
            assertFalse(sees(R.string.welcome_read_card))
            assertTrue(sees(R.string.welcome_scan_centre))
            assertEquals(null, NfcAdapter.getDefaultAdapter(app))
        }

    @Test
    fun `a development build says so on every screen`() =
        with(stage) {
            open()
            until { sees(R.string.welcome_title) }
            assertTrue(sees(app.notice))
            press(R.string.lost_button)
            assertTrue(sees(app.notice))
        }

    private companion object {
        /** As the detail view has it. */
        val NUMBER = Regex("""\d{6}-\d\*{6}""")
    }
}
