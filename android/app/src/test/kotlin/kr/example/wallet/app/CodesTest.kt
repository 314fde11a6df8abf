package kr.example.wallet.app

import android.Manifest
import android.content.Intent
import android.content.pm.PackageManager
import android.net.Uri
import android.os.Bundle
import android.provider.Settings
import android.text.InputType
import android.widget.EditText
import android.widget.RadioButton
import kr.example.wallet.core.Language
import kr.example.wallet.core.Refusal
import kr.example.wallet.core.WalletException
import kr.example.wallet.text
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.Shadows.shadowOf
import org.robolectric.shadows.ShadowActivity
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertNotEquals
import kotlin.test.assertTrue

/** Every code comes through one door: a centre's, a desk's, a page's, and what is none. */
@RunWith(RobolectricTestRunner::class)
class CodesTest {
    @get:Rule
    internal val stage = Stage()

    private fun Stage.scanned(text: String) {
        until { sees(R.string.scan_use) }
        type(text)
        press(R.string.scan_use)
    }

    @Test
    fun `a centre's code and the spoken digits become an id`() =
        with(stage) {
            val visit = simulator.visit()
            open()
            until { sees(R.string.welcome_title) }
            press(R.string.welcome_scan_centre)
            scanned(visit.link)
            until { sees(R.string.offer_question) }
            val before = prompts()

            type(if (visit.digits == "000000") "111111" else "000000")
            press(R.string.offer_accept)
            until { sees(WalletException.IssuerRefused(Refusal.CODE_NOT_ACCEPTED).text(Language.ENGLISH).what) }
            assertEquals("", views<EditText>().single().text.toString())

            type(visit.digits)
            press(R.string.offer_accept)
            until { sees(R.string.issued_done) }
            assertEquals(before, prompts())
            press(R.string.issued_see)
            until { sees(R.string.card_show) }
        }

    @Test
    fun `saying no keeps nothing`() =
        with(stage) {
            open()
            until { sees(R.string.welcome_title) }
            press(R.string.welcome_scan_centre)
            val visit = simulator.visit()
            scanned(visit.link)
            until { sees(R.string.offer_question) }
            press(R.string.offer_decline)
            until { app.door.isFree && sees(R.string.welcome_title) }
            assertFalse(sees(R.string.unfinished))
            // It was not taken: the same code is good still.
            press(R.string.welcome_scan_centre)
            scanned(visit.link)
            until { sees(R.string.offer_question) }
            type(visit.digits)
            press(R.string.offer_accept)
            until { sees(R.string.issued_done) }
        }

    @Test
    fun `who leaves at the question and comes back opens the wallet again and gets the id`() =
        with(stage) {
            val visit = simulator.visit()
            open(intent = Intent(Intent.ACTION_VIEW, Uri.parse(visit.link)))
            until { sees(R.string.offer_question) }
            leave()
            comeBack()
            type(visit.digits)
            press(R.string.offer_accept)
            until { sees(R.string.issued_done) }
            assertEquals(2, prompts())
        }

    @Test
    fun `a link of another day, from the list of recent apps, is not opened again`() =
        with(stage) {
            val link = Intent(Intent.ACTION_VIEW, Uri.parse(simulator.visit().link))
            open(intent = link.addFlags(Intent.FLAG_ACTIVITY_LAUNCHED_FROM_HISTORY))
            until { sees(R.string.welcome_title) }
        }

    @Test
    fun `an offer that waits for an answer is not in what the system keeps`() =
        with(stage) {
            val link = simulator.visit().link
            open(intent = Intent(Intent.ACTION_VIEW, Uri.parse(link)))
            until { sees(R.string.offer_question) }
            val saved = Bundle().also(::save)
            val kept = saved.getStringArrayList("stack")
            assertEquals(emptyList<String>(), kept)
        }

    @Test
    fun `the field takes what the issuer says the code is`() =
        with(stage) {
            open(intent = Intent(Intent.ACTION_VIEW, Uri.parse(simulator.visit().link)))
            until { sees(R.string.offer_question) }
            val field = views<EditText>().single()
            assertEquals(InputType.TYPE_CLASS_NUMBER, field.inputType)
            field.setText("1234567")
            assertEquals("123456", field.text.toString())
            field.takes(numeric = false, length = 4)
            assertNotEquals(InputType.TYPE_CLASS_NUMBER, field.inputType and InputType.TYPE_MASK_CLASS)
            field.setText("가B3é5")
            assertContentEquals("가B3é".encodeToByteArray(), field.take())
            assertEquals("", field.text.toString())
        }

    @Test
    fun `a browser that is not there is told`() =
        with(stage) {
            shadowOf(app).checkActivities(true)
            open(intent = Intent(Intent.ACTION_VIEW, Uri.parse(simulator.portalLink())))
            until { sees(R.string.offer_question) }
            press(R.string.offer_accept)
            until { sees(R.string.offer_sign_in) }
            press(R.string.offer_open_browser)
            assertTrue(sees(R.string.offer_no_browser))
        }

    @Test
    fun `an offer tapped in a page comes to the same question`() =
        with(stage) {
            val link = simulator.visit().link
            open(intent = Intent(Intent.ACTION_VIEW, Uri.parse(link)))
            until { sees(R.string.offer_question) }
        }

    @Test
    fun `an offer is asked about again when the system speaks another language`() =
        with(stage) {
            open(intent = Intent(Intent.ACTION_VIEW, Uri.parse(simulator.visit().link)))
            until { sees(R.string.offer_question) }
            val english = text(R.string.offer_question)
            speak("ko-rKR")
            until { sees(R.string.offer_question) }
            assertFalse(sees(english))
        }

    @Test
    fun `an issuance cut short is offered again after the app has died`() =
        with(stage) {
            val visit = simulator.visit()
            open()
            until { sees(R.string.welcome_title) }
            press(R.string.welcome_scan_centre)
            scanned(visit.link)
            until { sees(R.string.offer_question) }
            network.isGone = { it.url.endsWith("/credential") }
            type(visit.digits)
            press(R.string.offer_accept)
            until { sees(WalletException.Offline().text(Language.ENGLISH).what) }
            press(R.string.close)
            until { sees(R.string.unfinished) }

            die()
            network.isGone = { false }
            until { sees(R.string.unfinished) }
            press(R.string.unfinished_go_on)
            until { sees(R.string.issued_done) }
            press(R.string.issued_see)
            until { sees(R.string.card_show) }
            assertFalse(sees(R.string.unfinished))
        }

    @Test
    fun `an issuance cut short can be given up`() =
        with(stage) {
            val visit = simulator.visit()
            open()
            until { sees(R.string.welcome_title) }
            press(R.string.welcome_scan_centre)
            scanned(visit.link)
            until { sees(R.string.offer_question) }
            network.isGone = { it.url.endsWith("/credential") }
            type(visit.digits)
            press(R.string.offer_accept)
            until { sees(WalletException.Offline().text(Language.ENGLISH).what) }
            press(R.string.close)
            until { sees(R.string.unfinished) }
            press(R.string.unfinished_give_up)
            until { !sees(R.string.unfinished) }
            assertTrue(sees(R.string.welcome_title))
        }

    /** From the portal's link in a page to the browser; gives where that goes. */
    private fun Stage.toTheBrowser(): String {
        open(intent = Intent(Intent.ACTION_VIEW, Uri.parse(simulator.portalLink())))
        until { sees(R.string.offer_question) }
        assertTrue(views<EditText>().isEmpty(), "nothing is to be typed")
        press(R.string.offer_accept)
        until { sees(R.string.offer_sign_in) }
        press(R.string.offer_open_browser)
        val browser = opened()
        assertEquals(Intent.ACTION_VIEW, browser.action)
        return browser.dataString.orEmpty()
    }

    private fun back(url: String) = Intent(Intent.ACTION_VIEW, Uri.parse(url))

    @Test
    fun `a link of the portal leads to the browser and back to an id`() =
        with(stage) {
            simulator.visit()
            val url = toTheBrowser()
            leave()
            val came = simulator.browse(url)
            comeBack()
            openedAgain(back(came))
            until { sees(R.string.issued_done) }
            press(R.string.issued_see)
            until { sees(R.string.card_show) }
        }

    @Test
    fun `the browser may come back to an app that has died meanwhile`() =
        with(stage) {
            simulator.visit()
            val url = toTheBrowser()
            die()
            until { sees(R.string.unfinished) }
            openedAgain(back(simulator.browse(url)))
            until { sees(R.string.issued_done) }
        }

    @Test
    fun `whoever says no in the browser gets nothing, and is told`() =
        with(stage) {
            simulator.visit()
            val url = toTheBrowser()
            openedAgain(back(simulator.browse(url, agree = false)))
            until { sees(WalletException.IssuerRefused(Refusal.DENIED).text(Language.ENGLISH).what) }
            press(R.string.close)
            until { sees(R.string.welcome_title) }
            assertFalse(sees(R.string.unfinished))
        }

    @Test
    fun `a document beside the card has its own name and words`() =
        with(stage) {
            enrolled()
            val visit = simulator.visit(document = "veteran_card")
            press(R.string.card_scan)
            scanned(visit.link)
            until { sees(R.string.offer_question) }
            type(visit.digits)
            press(R.string.offer_accept)
            until { sees(R.string.issued_done) }
            press(R.string.issued_see)
            until { sees("Veteran's card (test)") }
            assertTrue(sees(R.string.card_show), "the card that counters know is in front")
            press("Veteran's card (test)")
            until { !sees(R.string.card_show) }
            assertFalse(sees("12-345678"))
            press(R.string.card_details)
            until { sees("12-345678") }
            assertTrue(sees("Veteran number"))
            press("Mobile resident card")
            until { sees(R.string.card_show) }
        }

    @Test
    fun `a desk's sign leads to a show that names the desk`() =
        with(stage) {
            enrolled()
            press(R.string.card_scan)
            scanned(sign())
            until { views<RadioButton>().isNotEmpty() }
            val named = texts().single { "(verified)" in it }
            press(R.string.show_now)
            until { views<CodeView>().isNotEmpty() }
            assertTrue(sees(named))
            assertTrue(check(code()).accepted)
        }

    @Test
    fun `a foreign code is told, and the next one is looked for`() =
        with(stage) {
            open()
            until { sees(R.string.welcome_title) }
            press(R.string.welcome_scan_centre)
            scanned("https://example.com/menu")
            until { sees(WalletException.NotForThisWallet().text(Language.ENGLISH).what) }
            scanned(simulator.visit().link)
            until { sees(R.string.offer_question) }
        }

    @Test
    fun `without the camera the text door is there, and the permission is asked for`() =
        with(stage) {
            camera(allowed = false)
            open()
            until { sees(R.string.welcome_title) }
            press(R.string.welcome_scan_centre)
            until { sees(R.string.scan_not_allowed) }
            press(R.string.scan_allow)
            val asked = shadowOf(activity).lastRequestedPermission
            assertEquals(listOf(Manifest.permission.CAMERA), asked.requestedPermissions.toList())
            // The system may ask once more.
            shadowOf(app.packageManager).setShouldShowRequestPermissionRationale(Manifest.permission.CAMERA, true)
            answer(asked, PackageManager.PERMISSION_DENIED)
            assertTrue(sees(R.string.scan_allow))
            shadowOf(app.packageManager).setShouldShowRequestPermissionRationale(Manifest.permission.CAMERA, false)
            answer(asked, PackageManager.PERMISSION_DENIED)
            assertFalse(sees(R.string.scan_allow))
            press(R.string.open_settings)
            val settings = opened()
            assertEquals(Settings.ACTION_APPLICATION_DETAILS_SETTINGS, settings.action)
            assertEquals("package:${app.packageName}", settings.dataString)
        }

    private fun Stage.answer(
        asked: ShadowActivity.PermissionsRequest,
        answer: Int,
    ) {
        activity.onRequestPermissionsResult(asked.requestCode, asked.requestedPermissions, intArrayOf(answer))
        Stage.idle()
    }

    @Test
    fun `a phone without a camera is not asked whether it may be used`() =
        with(stage) {
            open()
            until { sees(R.string.welcome_title) }
            press(R.string.welcome_scan_centre)
            until { sees(R.string.scan_no_camera) }
            assertFalse(sees(R.string.scan_allow))
        }
}
