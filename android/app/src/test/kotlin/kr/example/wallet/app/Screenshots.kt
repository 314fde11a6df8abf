package kr.example.wallet.app

import android.graphics.Bitmap
import android.graphics.Rect
import android.widget.Button
import android.widget.EditText
import android.widget.RadioButton
import android.widget.ScrollView
import android.widget.TextView
import kotlinx.coroutines.CompletableDeferred
import kr.example.wallet.core.CardLink
import kr.example.wallet.core.CommandReason
import kr.example.wallet.core.LifeCycle
import kr.example.wallet.core.RenewReason
import kr.example.wallet.core.RevokeReason
import kr.example.wallet.core.WalletException
import kr.example.wallet.text
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import java.awt.image.BufferedImage
import java.awt.image.DataBuffer
import java.awt.image.IndexColorModel
import java.io.File
import javax.imageio.ImageIO

/** Draws every screen into the folder that `-Dscreenshots=` names. Not among the tests: `-Dtest=Screenshots` runs it. */
@RunWith(RobolectricTestRunner::class)
class Screenshots {
    @get:Rule
    internal val stage = Stage()

    @Test
    fun `the screens in korean`() = draw("ko", "ko-rKR")

    @Test
    fun `the screens in english`() = draw("en", "en-rUS")

    private fun draw(
        language: String,
        qualifiers: String,
    ) {
        val folder = requireNotNull(System.getProperty("screenshots")) { "-Dscreenshots=FOLDER" }
        RuntimeEnvironment.setQualifiers("$qualifiers-w400dp-h840dp-200dpi")
        val target = File(folder, language).apply { mkdirs() }
        with(stage) { walk { name -> save(picture(), File(target, "$name.png")) } }
    }

    /** As a PNG with 256 colours, the most frequent ones: a third of the size, and no eye sees it. */
    private fun save(
        picture: Bitmap,
        file: File,
    ) {
        val pixels = IntArray(picture.width * picture.height)
        picture.getPixels(pixels, 0, picture.width, 0, 0, picture.width, picture.height)
        val palette =
            pixels
                .groupBy { it }
                .entries
                .sortedByDescending { it.value.size }
                .take(COLOURS)
                .map { it.key }
        val places = HashMap<Int, Int>()
        val model = IndexColorModel(8, palette.size, palette.toIntArray(), 0, false, -1, DataBuffer.TYPE_BYTE)
        val image = BufferedImage(picture.width, picture.height, BufferedImage.TYPE_BYTE_INDEXED, model)
        pixels.forEachIndexed { index, colour ->
            val place = places.getOrPut(colour) { palette.indices.minBy { distance(palette[it], colour) } }
            image.raster.setSample(index % picture.width, index / picture.width, 0, place)
        }
        check(ImageIO.write(image, "png", file))
    }

    private fun distance(
        one: Int,
        other: Int,
    ) = intArrayOf(16, 8, 0).sumOf { shift -> ((one shr shift and 0xFF) - (other shr shift and 0xFF)).let { it * it } }

    private fun Stage.walk(take: (String) -> Unit) {
        biometrics(false)
        open()
        until { sees(R.string.welcome_title) }
        take("welcome-no-biometrics")
        biometrics(true)
        leave()
        comeBack()
        until { sees(R.string.welcome_title) }
        take("welcome")

        press(R.string.welcome_scan_centre)
        type("https://example.com/menu")
        press(R.string.scan_use)
        until { sees(WalletException.NotForThisWallet().text(activity.language).what) }
        take("scan")
        views<EditText>().single().setText(simulator.visit().link)
        press(R.string.scan_use)
        until { sees(R.string.offer_question) }
        take("offer")
        press(R.string.offer_decline)

        enrolledElsewhere()
        toTheCard("000000")
        until { sees(R.string.tap_hold) }
        hold()
        until { sees(R.string.tap_digits) }
        take("tap-wrong-digits")
        type(simulator.can().decodeToString())
        press(R.string.next)
        until { sees(R.string.tap_hold) }
        take("tap-hold")
        hold()
        until { sees(R.string.tap_move_here) }
        take("tap-move")
        press(R.string.tap_move_here)
        until { sees(R.string.tap_hold) }
        hold(TakenAway(simulator.tap(), at = 14))
        until { sees(R.string.tap_hold_again) }
        take("tap-hold-again")
        val slow = Slow(simulator.tap(), at = 12)
        hold(slow)
        until { slow.waits }
        until { sees(R.string.tap_reading) }
        take("tap-reading")
        slow.go.complete(Unit)
        until { sees(R.string.issued_done) }
        take("issued")

        press(R.string.issued_see)
        until { sees(R.string.card_show) }
        take("card")
        press(R.string.card_details)
        until { !sees(CardPart.DOTS) }
        take("card-details")

        press(R.string.card_scan)
        type(sign())
        press(R.string.scan_use)
        until { views<RadioButton>().isNotEmpty() }
        take("show-choice")
        press(R.string.show_now)
        until { views<CodeView>().isNotEmpty() }
        take("show-code")
        press(R.string.show_stop)
        until { sees(R.string.card_history) }
        press(R.string.card_history)
        until { sees(text(R.string.history_verified, "").trim()) }
        take("history")
        press("‹")
        press(R.string.lost_button)
        take("lost")
        press("‹")
        leave()
        comeBack()
        until { sees(R.string.unlock) }
        take("locked")
        life(take)
    }

    /** What may happen to an ID. */
    private fun Stage.life(take: (String) -> Unit) {
        val language = activity.language
        val unlock = {
            until { sees(R.string.unlock) }
            press(R.string.unlock)
        }
        unlock()
        until { sees(R.string.card_show) }
        press(R.string.remove_button)
        take("remove")
        press("‹")
        until { sees(R.string.card_show) }
        clock.ahead = STALE
        press(R.string.card_show)
        until { views<RadioButton>().isNotEmpty() }
        press(R.string.show_now)
        until { sees(R.string.show_freshen) }
        take("show-stale")
        clock.ahead = 0
        press("‹")
        until { sees(R.string.card_show) }
        simulator.reportLost()
        until { sees(CommandReason.PHONE_LOST.text(language).what) }
        take("locked-by-command")
        simulator.reportFound()
        unlock()
        until { sees(R.string.card_show) }
        documents(take)
        clock.ahead = ENDED
        leave()
        comeBack()
        unlock()
        until { sees(LifeCycle.NeedsRenewal(RenewReason.COPIES_ENDED).text(language).what) }
        take("card-renewal")
        clock.ahead = 0
        simulator.endCard("card_lost")
        leave()
        comeBack()
        unlock()
        until { sees(LifeCycle.Revoked(RevokeReason.CARD_LOST).text(language).what) }
        take("card-revoked")
    }

    /** Another document comes beside the card. */
    private fun Stage.documents(take: (String) -> Unit) {
        val visit = simulator.visit(document = "veteran_card")
        press(R.string.card_scan)
        type(visit.link)
        press(R.string.scan_use)
        until { sees(R.string.offer_question) }
        type(visit.digits)
        press(R.string.offer_accept)
        until { sees(R.string.issued_done) }
        press(R.string.issued_see)
        until { buttons(DOCUMENT).isNotEmpty() }
        views<ScrollView>().single().run { scrollTo(0, getChildAt(0).height) }
        take("documents")
        press(buttons(DOCUMENT).single())
        until { buttons(CARD).isNotEmpty() }
        press(R.string.card_details)
        until { !sees(CardPart.DOTS) }
        views<TextView>().single { it.text.toString() == NUMBER }.run { requestRectangleOnScreen(Rect(0, 0, width, 3 * height), true) }
        take("document")
        press(buttons(CARD).single())
        until { sees(R.string.card_show) }
    }

    private fun Stage.buttons(names: List<String>) = views<Button>().map { it.text.toString() }.filter(names::contains)

    /** A card that waits before its command number [at] until the picture is taken. */
    private class Slow(
        private val card: CardLink,
        private val at: Int,
    ) : CardLink {
        val go = CompletableDeferred<Unit>()

        @Volatile var waits = false
        private var commands = 0

        override suspend fun transceive(apdu: ByteArray): ByteArray {
            commands += 1
            if (commands == at) {
                waits = true
                go.await()
            }
            return card.transceive(apdu)
        }

        override suspend fun limits() = card.limits()
    }

    private companion object {
        const val COLOURS = 256
        const val STALE = 25 * 3600L
        const val ENDED = 29 * 86_400L
        const val NUMBER = "12-345678"
        val CARD = listOf("Mobile resident card", "모바일 주민등록증")
        val DOCUMENT = listOf("Veteran's card (test)", "국가보훈등록증 (시험)")
    }
}
