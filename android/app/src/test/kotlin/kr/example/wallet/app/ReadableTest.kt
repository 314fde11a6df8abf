package kr.example.wallet.app

import android.view.View
import android.view.ViewGroup
import android.widget.Button
import android.widget.EditText
import android.widget.ImageView
import android.widget.RadioButton
import android.widget.TextView
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import kotlin.test.assertEquals
import kotlin.test.assertTrue

/** For eyes that need large letters, for screen readers, and in the system's language. */
@RunWith(RobolectricTestRunner::class)
class ReadableTest {
    @get:Rule
    internal val stage = Stage()

    /** From screen to screen, with [look] at each. */
    private fun Stage.walk(look: (String) -> Unit) {
        open()
        until { sees(R.string.welcome_title) }
        look("welcome")
        press(R.string.lost_button)
        look("lost")
        press("‹")
        press(R.string.welcome_scan_centre)
        look("scan")
        press("‹")
        camera(allowed = true)
        press(R.string.welcome_scan_centre)
        look("scan by camera")
        type(simulator.visit().link)
        press(R.string.scan_use)
        until { sees(R.string.offer_question) }
        look("offer")
        press(R.string.offer_decline)
        toTheCard("000000")
        until { sees(R.string.tap_hold) }
        look("hold")
        hold()
        until { sees(R.string.tap_digits) }
        look("wrong digits")
        type(simulator.can().decodeToString())
        press(R.string.next)
        until { sees(R.string.tap_hold) }
        hold()
        until { sees(R.string.issued_done) }
        look("done")
        press(R.string.issued_see)
        until { sees(R.string.card_show) }
        look("card")
        press(R.string.card_details)
        until { !sees(CardPart.DOTS) }
        look("details")
        press(R.string.card_show)
        until { views<RadioButton>().isNotEmpty() }
        look("choice")
        press(R.string.show_now)
        until { views<CodeView>().isNotEmpty() }
        look("code")
        press(R.string.show_stop)
        until { sees(R.string.card_history) }
        press(R.string.card_history)
        until { sees(R.string.history_unverified) }
        look("history")
        press("‹")
        until { sees(R.string.remove_button) }
        press(R.string.remove_button)
        look("remove")
        press("‹")
        until { sees(R.string.card_show) }
        simulator.reportLost()
        until { !sees(R.string.card_show) }
        look("locked by command")
    }

    private fun Stage.cut(): List<String> {
        views<View>().forEach { it.forceLayout() }
        val decor = activity.window.decorView
        decor.measure(
            View.MeasureSpec.makeMeasureSpec(decor.width, View.MeasureSpec.EXACTLY),
            View.MeasureSpec.makeMeasureSpec(decor.height, View.MeasureSpec.EXACTLY),
        )
        decor.layout(0, 0, decor.width, decor.height)
        return views<TextView>().filter(::isCut).map { it.text.toString() }
    }

    private fun isCut(view: TextView): Boolean {
        val layout = view.layout ?: return view.text.isNotEmpty()
        val room = view.width - view.compoundPaddingLeft - view.compoundPaddingRight
        val wide = (0 until layout.lineCount).any { layout.getEllipsisCount(it) > 0 || layout.getLineMax(it) > room + 1 }
        val tall = layout.height > view.height - view.compoundPaddingTop - view.compoundPaddingBottom
        val parent = view.parent as ViewGroup
        return wide || tall || view.right > parent.width || view.left < 0
    }

    @Test
    fun `letters twice as large are not cut`() =
        with(stage) {
            RuntimeEnvironment.setFontScale(2f)
            walk { screen -> assertEquals(emptyList(), cut(), screen) }
        }

    @Test
    fun `letters twice as large are not cut in korean, on a small phone`() =
        with(stage) {
            RuntimeEnvironment.setQualifiers("ko-rKR-w320dp-h560dp")
            RuntimeEnvironment.setFontScale(2f)
            walk { screen -> assertEquals(emptyList(), cut(), screen) }
        }

    @Test
    fun `a screen reader has a word for everything, and fingers have room`() =
        with(stage) {
            walk { screen ->
                assertEquals(listOf(activity.title), views<View>().mapNotNull { it.accessibilityPaneTitle }, screen)
                views<ImageView>().forEach { assertTrue(!it.contentDescription.isNullOrEmpty(), screen) }
                views<CodeView>().forEach { assertTrue(!it.contentDescription.isNullOrEmpty(), screen) }
                views<EditText>().forEach { field ->
                    assertTrue(views<View>().any { it.labelFor == field.id && field.id != View.NO_ID }, screen)
                }
                views<TextView>().filter { it.isClickable }.forEach {
                    assertTrue(
                        it.height >= it.resources.displayMetrics.density * Blocks.TOUCH,
                        "$screen: ${it.text} is ${it.height} px high",
                    )
                    assertTrue(it.width >= it.resources.displayMetrics.density * Blocks.TOUCH, "$screen: ${it.text}")
                }
                views<Button>().forEach { assertTrue(it.text.isNotEmpty(), screen) }
                assertEquals(1, views<TextView>().count { it.text == activity.title && it.isAccessibilityHeading }.coerceAtMost(1), screen)
            }
        }

    @Test
    fun `one minute is no minutes`() =
        with(stage) {
            open()
            val words = { minutes: Int -> activity.resources.getQuantityString(R.plurals.offer_later, minutes, minutes) }
            assertTrue("1 minute;" in words(1) && "2 minutes;" in words(2))
        }

    @Test
    fun `the hidden address is said to be hidden`() =
        with(stage) {
            enrolled()
            val dots = views<TextView>().single { it.text.toString() == CardPart.DOTS }
            assertEquals(text(R.string.hidden), dots.contentDescription)
        }

    @Test
    fun `app and core speak the system's language`() =
        with(stage) {
            RuntimeEnvironment.setQualifiers("ko-rKR")
            walk { screen ->
                val shown = texts().filterNot { it == app.notice || it == "‹" }
                assertTrue(shown.any { it.any { letter -> letter in '가'..'힣' } }, screen)
                // What has no hangul at all is a number, a date, or a name or an address as it is written.
                val foreign = shown.filter { line -> line.none { it in '가'..'힣' } && line.contains(Regex("[a-z]{3}")) }
                assertTrue(foreign.all { "://" in it || it == it.uppercase() }, "$screen: $foreign")
            }
        }
}
