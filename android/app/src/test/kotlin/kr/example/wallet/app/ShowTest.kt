package kr.example.wallet.app

import android.content.Intent
import android.net.Uri
import android.view.WindowManager
import android.view.WindowManager.LayoutParams.BRIGHTNESS_OVERRIDE_FULL
import android.view.WindowManager.LayoutParams.BRIGHTNESS_OVERRIDE_NONE
import android.widget.RadioButton
import kotlinx.coroutines.runBlocking
import kr.example.wallet.core.Disclosure
import kr.example.wallet.core.Language
import kr.example.wallet.core.WalletException
import kr.example.wallet.core.disclosureText
import kr.example.wallet.simulator.Visit
import kr.example.wallet.text
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertNotEquals
import kotlin.test.assertTrue

@RunWith(RobolectricTestRunner::class)
class ShowTest {
    @get:Rule
    internal val stage = Stage()

    private val brightness: Float
        get() = stage.activity.window.attributes.screenBrightness

    private fun Stage.toTheChoice() {
        press(R.string.card_show)
        until { views<RadioButton>().isNotEmpty() }
    }

    private fun Stage.leftOfTheFirst(count: Int) = text(R.string.show_left, count) in views<RadioButton>().first().text

    private fun Stage.shown() {
        toTheChoice()
        press(R.string.show_now)
        until { views<CodeView>().isNotEmpty() }
    }

    @Test
    fun `the least is chosen until the citizen chooses more`() =
        with(stage) {
            enrolled()
            toTheChoice()
            val levels = views<RadioButton>()
            assertEquals(Disclosure.entries.size, levels.size)
            assertTrue(levels.first().isChecked)
            assertTrue(disclosureText(Disclosure.ADULT_ONLY, Language.ENGLISH).asLine() in levels.first().text)
            assertFalse(sees(R.string.show_number_warning))
            levels.last().performClick()
            until { sees(R.string.show_number_warning) }
        }

    @Test
    fun `one prompt serves the whole show, which ends by itself`() =
        with(stage) {
            enrolled()
            val before = prompts()
            toTheChoice()
            assertTrue(leftOfTheFirst(10))
            press(R.string.show_now)
            until { views<CodeView>().isNotEmpty() }
            assertEquals(before + 1, prompts())
            assertTrue(sees(R.string.show_no_proof))
            var frames = 0
            while (views<CodeView>().isNotEmpty() && frames < 20) {
                pass(15)
                frames += 1
            }
            until { sees(WalletException.ShowEnded().text(Language.ENGLISH).what) }
            assertEquals(before + 1, prompts())
            assertEquals(BRIGHTNESS_OVERRIDE_NONE, brightness)
            press(R.string.show_again)
            until { views<RadioButton>().isNotEmpty() }
            assertTrue(leftOfTheFirst(9), "what the show has taken is gone from the count")
        }

    @Test
    fun `the screen is bright and awake while the code is on it, and never in a screenshot`() =
        with(stage) {
            enrolled()
            assertEquals(BRIGHTNESS_OVERRIDE_NONE, brightness)
            shown()
            val flags = { activity.window.attributes.flags }
            assertEquals(BRIGHTNESS_OVERRIDE_FULL, brightness)
            assertNotEquals(0, flags() and WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON)
            assertNotEquals(0, flags() and WindowManager.LayoutParams.FLAG_SECURE)
            leave()
            assertEquals(BRIGHTNESS_OVERRIDE_NONE, brightness)
            comeBack()
            until { views<CodeView>().isNotEmpty() }
            assertEquals(BRIGHTNESS_OVERRIDE_FULL, brightness)
            press(R.string.show_stop)
            until { sees(R.string.unlock) }
            assertEquals(BRIGHTNESS_OVERRIDE_NONE, brightness)
            assertEquals(0, flags() and WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON)
        }

    @Test
    fun `a cancelled prompt leaves the choice and says so`() =
        with(stage) {
            enrolled()
            toTheChoice()
            next("cancel")
            press(R.string.show_now)
            until { sees(WalletException.UserCancelled().text(Language.ENGLISH).what) }
            assertEquals(BRIGHTNESS_OVERRIDE_NONE, brightness)
            press(R.string.try_again)
            until { views<CodeView>().isNotEmpty() }
        }

    @Test
    fun `who leaves at the choice and comes back opens the wallet again and shows`() =
        with(stage) {
            enrolled()
            toTheChoice()
            leave()
            comeBack()
            val before = prompts()
            press(R.string.show_now)
            until { views<CodeView>().isNotEmpty() }
            assertEquals(before + 2, prompts(), "one for the wallet, one for the show")
        }

    @Test
    fun `a turned phone goes on showing the same show`() =
        with(stage) {
            enrolled()
            shown()
            val (before, code) = prompts() to code()
            turn()
            until { views<CodeView>().isNotEmpty() }
            assertEquals(before, prompts())
            assertTrue(check(code).accepted)
            assertEquals(BRIGHTNESS_OVERRIDE_FULL, brightness)
        }

    /** The last level is shown until it has no copies; with a network the app would fetch fresh ones by itself. */
    private fun Stage.empty() {
        network.isGone = { true }
        repeat(3) {
            toTheChoice()
            views<RadioButton>().last().performClick()
            press(R.string.show_now)
            until { views<CodeView>().isNotEmpty() }
            press(R.string.show_stop)
            until { sees(R.string.card_show) }
        }
        until { sees(R.string.card_few_left) }
        toTheChoice()
        views<RadioButton>().last().performClick()
        press(R.string.show_now)
        until { sees(WalletException.NoCopiesLeft(Disclosure.REGISTRATION_NUMBER).text(Language.ENGLISH).what) }
        network.isGone = { false }
    }

    @Test
    fun `an empty pool leads to a renewal without a prompt`() =
        with(stage) {
            enrolled()
            empty()
            val before = prompts()
            press(R.string.card_renew)
            until { sees(R.string.renew_done) }
            assertEquals(before, prompts())
            press(R.string.issued_see)
            until { sees(R.string.card_show) && !sees(R.string.card_few_left) }
        }

    private fun Stage.take(visit: Visit) {
        until { sees(R.string.offer_question) }
        type(visit.digits)
        press(R.string.offer_accept)
        until { sees(R.string.issued_done) }
        press(R.string.issued_see)
    }

    @Test
    fun `the document whose copies are gone is the one that is renewed`() =
        with(stage) {
            val first = simulator.visit(document = "veteran_card")
            open(intent = Intent(Intent.ACTION_VIEW, Uri.parse(first.link)))
            take(first)
            val second = simulator.visit()
            openedAgain(Intent(Intent.ACTION_VIEW, Uri.parse(second.link)))
            take(second)
            until { sees(R.string.card_show) }
            empty()
            press(R.string.card_renew)
            until { sees(R.string.renew_done) }
            // Before the app is back at the card, where it would fetch fresh ones by itself.
            val card = runBlocking { app.door.with(Language.ENGLISH) { it.cards() } }.single { it.copies.isNotEmpty() }
            assertEquals(3u, card.copies.single { it.disclosure == Disclosure.REGISTRATION_NUMBER }.left)
            press(R.string.issued_see)
            until { sees(R.string.card_show) && !sees(R.string.card_few_left) }
        }

    @Test
    fun `dead keys are told at the show, and the way on is to start over`() =
        with(stage) {
            enrolled()
            toTheChoice()
            runBlocking { hardware.invalidateKeys() }
            press(R.string.show_now)
            until { sees(WalletException.KeyInvalidated().text(Language.ENGLISH).what) }
            leave()
            comeBack()
            press("‹")
            until { sees(R.string.unlock) }
            press(R.string.unlock)
            until { sees(R.string.start_over) }
            press(R.string.start_over)
            press(R.string.start_over_confirm)
            until { sees(R.string.welcome_title) }
        }
}
