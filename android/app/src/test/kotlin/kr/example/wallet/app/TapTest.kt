package kr.example.wallet.app

import android.view.View
import android.view.WindowManager
import android.widget.EditText
import android.widget.ProgressBar
import android.widget.RadioButton
import kotlinx.coroutines.runBlocking
import kr.example.wallet.core.CardTrouble
import kr.example.wallet.core.Claims
import kr.example.wallet.core.CommandOp
import kr.example.wallet.core.Language
import kr.example.wallet.core.PasswordKind
import kr.example.wallet.core.ReadingProgress
import kr.example.wallet.core.Refusal
import kr.example.wallet.core.WalletException
import kr.example.wallet.core.WalletState
import kr.example.wallet.text
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertNotEquals
import kotlin.test.assertTrue

@RunWith(RobolectricTestRunner::class)
class TapTest {
    @get:Rule
    internal val stage = Stage()

    @Test
    fun `a tapped card becomes an id whose code a counter reads from the screen`() =
        with(stage) {
            open()
            toTheCard()
            until { sees(R.string.tap_hold) }
            hold()
            until { sees(R.string.issued_done) }
            press(R.string.issued_see)
            until { sees(R.string.card_show) }
            press(R.string.card_show)
            until { views<RadioButton>().isNotEmpty() }
            press(R.string.show_now)
            until { views<CodeView>().isNotEmpty() }

            val code = code()
            val verdict = check(code)
            assertTrue(verdict.accepted, "${verdict.checks}")
            assertEquals(true, assertIs<Claims.Adult>(verdict.shown?.claims).adultByYear)
            assertNotEquals(0, activity.window.attributes.flags and WindowManager.LayoutParams.FLAG_SECURE)

            // The picture of a later frame is another code, good in its turn, when the first has died.
            pass(20)
            assertTrue(check(code(known = code)).accepted)
            assertFalse(check(code).accepted)
        }

    @Test
    fun `wrong digits are told and asked for again`() =
        with(stage) {
            open()
            toTheCard("000000")
            until { sees(R.string.tap_hold) }
            hold()
            val wrong = WalletException.WrongPassword(PasswordKind.CAN, null).text(Language.ENGLISH)
            until { sees(wrong.what) }
            assertEquals("", views<EditText>().single().text.toString())
            type(simulator.can().decodeToString())
            press(R.string.next)
            until { sees(R.string.tap_hold) }
            hold()
            until { sees(R.string.issued_done) }
        }

    @Test
    fun `five digits are not tried on the card`() =
        with(stage) {
            open()
            toTheCard("12345")
            until { sees(WalletException.WrongPassword(PasswordKind.CAN, null).text(Language.ENGLISH).what) }
            assertEquals(0, prompts())
        }

    @Test
    fun `a card taken away is read on where it was when it comes back`() =
        with(stage) {
            open()
            toTheCard()
            until { sees(R.string.tap_hold) }
            hold(TakenAway(simulator.tap(), at = 14))
            until { sees(R.string.tap_hold_again) }
            assertTrue(sees(WalletException.CardLost().text(Language.ENGLISH).what))
            val read = views<ProgressBar>().single().progress
            assertTrue(read > 0 && sees(R.string.tap_goes_on, read))
            hold()
            until { sees(R.string.issued_done) }
        }

    @Test
    fun `another card held to a reading that waits is told`() =
        with(stage) {
            open()
            toTheCard()
            until { sees(R.string.tap_hold) }
            hold(TakenAway(simulator.tap(), at = 14))
            until { sees(R.string.tap_hold_again) }
            hold(simulator.tap("second"))
            until { sees(WalletException.CardUnreadable(CardTrouble.ANOTHER_CARD).text(Language.ENGLISH).what) }
            press(R.string.cancel)
            until { sees(R.string.welcome_title) }
        }

    @Test
    fun `an id on another phone moves to this one when the citizen says so`() =
        with(stage) {
            val theirs = enrolledElsewhere()
            open()
            toTheCard()
            until { sees(R.string.tap_hold) }
            hold()
            val refused = WalletException.IssuerRefused(Refusal.ANOTHER_PHONE).text(Language.ENGLISH)
            until { sees(refused.what) }
            assertTrue(sees(R.string.tap_move_what))
            assertFalse(sees(refused.next) || sees("first"), "the way out is the one that is offered: ${texts()}")
            press(R.string.tap_move_here)
            until { sees(R.string.tap_hold) }
            hold()
            until { sees(R.string.issued_done) }
            assertEquals(listOf(CommandOp.LOCK), runBlocking { theirs.receiveCommands() }.obeyed)
        }

    @Test
    fun `what is no chip card is told`() =
        with(stage) {
            open()
            toTheCard()
            until { sees(R.string.tap_hold) }
            holdNoCard()
            until { sees(WalletException.CardUnreadable(CardTrouble.UNSUPPORTED).text(Language.ENGLISH).what) }
            hold()
            until { sees(R.string.issued_done) }
        }

    @Test
    fun `a face that differs ends it, and nothing is kept`() =
        with(stage) {
            runBlocking { hardware.face("no_match") }
            open()
            toTheCard()
            until { sees(R.string.tap_hold) }
            hold()
            val mismatch = WalletException.FaceMismatch().text(Language.ENGLISH)
            until { sees(mismatch.what) }
            assertTrue(sees(mismatch.next))
            press(R.string.cancel)
            until { sees(R.string.welcome_title) }
        }

    @Test
    fun `a refused prompt keeps the card from being read`() =
        with(stage) {
            next("cancel")
            open()
            toTheCard()
            until { sees(WalletException.UserCancelled().text(Language.ENGLISH).what) }
            val card = Asked(simulator.tap())
            val closed = ChipAtAntenna.closed.get()
            hold(card)
            until { ChipAtAntenna.closed.get() > closed }
            assertEquals(0, card.commands.get(), "the phone lets go of it")
        }

    @Test
    fun `who leaves with the card in hand and comes back opens the wallet again and reads`() =
        with(stage) {
            open()
            toTheCard()
            until { sees(R.string.tap_hold) }
            leave()
            comeBack()
            until { sees(R.string.tap_hold) }
            hold()
            until { sees(R.string.issued_done) }
            assertEquals(3, prompts(), "twice for the wallet, once for the face")
        }

    @Test
    fun `a phone that is turned while it waits for the card waits on`() =
        with(stage) {
            open()
            toTheCard()
            until { sees(R.string.tap_hold) }
            turn()
            until { sees(R.string.tap_hold) }
            hold()
            until { sees(R.string.issued_done) }
        }

    @Test
    fun `the screen stays on while hands are at the card`() =
        with(stage) {
            val isAwake = { views<View>().any { it.keepScreenOn } }
            open()
            toTheCard()
            until { sees(R.string.tap_hold) }
            assertTrue(isAwake())
            val slow = Slow(simulator.tap(), at = 12)
            hold(slow)
            until { slow.waits }
            assertTrue(isAwake())
            slow.go.complete(Unit)
            until { sees(R.string.issued_done) }
            assertFalse(isAwake())
        }

    @Test
    fun `what is no card takes nothing away from a reading that waits`() =
        with(stage) {
            open()
            toTheCard()
            until { sees(R.string.tap_hold) }
            hold(TakenAway(simulator.tap(), at = 14))
            until { sees(R.string.tap_hold_again) }
            val read = views<ProgressBar>().single().progress
            holdNoCard()
            until { sees(WalletException.CardUnreadable(CardTrouble.UNSUPPORTED).text(Language.ENGLISH).what) }
            assertTrue(sees(R.string.tap_goes_on, read))
        }

    @Test
    fun `digits pressed twice are asked about once`() =
        with(stage) {
            val slow = SlowPrompt(hardware).also { keys = it }
            open()
            toTheCard()
            until { slow.isUp }
            type("123456")
            press(R.string.next)
            slow.go.complete(Unit)
            until { sees(R.string.tap_hold) }
            assertEquals(1, prompts())
            // By the first ones.
            hold()
            until { sees(R.string.issued_done) }
        }

    @Test
    fun `leaving in the middle of a reading leaves no id`() =
        with(stage) {
            open()
            toTheCard()
            until { sees(R.string.tap_hold) }
            val slow = Slow(simulator.tap(), at = 12)
            hold(slow)
            until { slow.waits }
            press(R.string.cancel)
            slow.go.complete(Unit)
            until { app.door.isFree }
            val state = runBlocking { app.door.beside(Language.ENGLISH) { it.state() } }
            assertEquals(WalletState.EMPTY, state)
            until { sees(R.string.welcome_title) }
        }

    @Test
    fun `the bar only grows and ends with the last file`() {
        // The portrait turns out shorter than it was taken to be.
        val card = listOf(0u to 44_000u, 2_400u to 43_000u, 3_000u to 43_000u, 7_000u to 18_000u, 18_000u to 18_000u)
        val seen = card.map { (read, total) -> TapPresenter.percent(ReadingProgress("DG2", read, total, read, total, 1u)) }
        assertEquals(99, seen.last())
        assertTrue(seen.zipWithNext().all { (before, after) -> before <= after }, "$seen")
    }
}
