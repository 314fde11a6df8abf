package kr.example.wallet.app

import android.content.Intent
import android.graphics.Bitmap
import android.graphics.Rect
import android.net.Uri
import android.widget.Button
import android.widget.EditText
import android.widget.RadioButton
import android.widget.ScrollView
import android.widget.TextView
import kr.example.wallet.core.CommandReason
import kr.example.wallet.core.KeyPolicy
import kr.example.wallet.core.KeyStore
import kr.example.wallet.core.KeyStoreException
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

/** Draws every screen into the folder that `-Dscreenshots=` names, and is among the tests where it names one; of both languages, or one. */
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
        // One language is walked as the other is.
        if (System.getProperty("screenshots.language", language) != language) return
        val folder = requireNotNull(System.getProperty("screenshots")) { "-Dscreenshots=FOLDER" }
        RuntimeEnvironment.setQualifiers("$qualifiers-w400dp-h840dp-200dpi")
        val target = File(folder, language).apply { mkdirs() }
        with(stage) { walk { name -> save(picture(), File(target, "$name.png")) } }
    }

    /** As a PNG with 256 colours: a third of the size, and no eye sees it. */
    private fun save(
        picture: Bitmap,
        file: File,
    ) {
        val pixels = IntArray(picture.width * picture.height)
        picture.getPixels(pixels, 0, picture.width, 0, 0, picture.width, picture.height)
        val palette = Palette.of(pixels)
        val model = IndexColorModel(8, palette.colours.size, palette.colours, 0, false, -1, DataBuffer.TYPE_BYTE)
        val image = BufferedImage(picture.width, picture.height, BufferedImage.TYPE_BYTE_INDEXED, model)
        pixels.forEachIndexed { index, colour ->
            image.raster.setSample(index % picture.width, index / picture.width, 0, palette.place(colour))
        }
        check(ImageIO.write(image, "png", file))
    }

    private fun Stage.walk(take: (String) -> Unit) {
        first(take)
        codes(take)
        tap(take)
        shows(take)
        life(take)
    }

    private fun Stage.again() {
        leave()
        comeBack()
    }

    /** Before there is an ID, or anything else. */
    private fun Stage.first(take: (String) -> Unit) {
        isSetUp = false
        open()
        until { sees(R.string.not_set_up_title) }
        take("not-set-up")
        isSetUp = true
        keys =
            object : KeyStore by hardware {
                override suspend fun create(
                    policy: KeyPolicy,
                    challenge: ByteArray,
                    count: UInt,
                ) = throw KeyStoreException.Unavailable()
            }
        again()
        until { sees(R.string.try_again) }
        take("broken")
        keys = null
        biometrics(false)
        again()
        until { sees(R.string.welcome_title) }
        take("welcome-no-biometrics")
        biometrics(true)
        again()
        until { sees(R.string.welcome_title) }
        take("welcome")
    }

    /** Offers: a centre's, and the portal's, as far as a citizen may be stopped on the way. */
    private fun Stage.codes(take: (String) -> Unit) {
        camera(allowed = false)
        press(R.string.welcome_scan_centre)
        type("https://example.com/menu")
        press(R.string.scan_use)
        until { sees(WalletException.NotForThisWallet().text(activity.language).what) }
        take("scan")
        val visit = simulator.visit()
        views<EditText>().single().setText(visit.link)
        press(R.string.scan_use)
        until { sees(R.string.offer_question) }
        take("offer")
        network.isGone = { it.url.endsWith(CREDENTIAL) }
        type(visit.digits)
        press(R.string.offer_accept)
        until { sees(WalletException.Offline().text(activity.language).what) }
        network.isGone = { false }
        press(R.string.close)
        until { sees(R.string.unfinished) }
        take("unfinished")
        val asked = Network.Held(CREDENTIAL).also { network.held = it }
        press(R.string.unfinished_go_on)
        until { asked.waits }
        take("resume")
        press("‹")
        asked.go.complete(Unit)
        network.held = null
        giveUp()

        openedAgain(Intent(Intent.ACTION_VIEW, Uri.parse(simulator.portalLink())))
        until { sees(R.string.offer_question) }
        press(R.string.offer_accept)
        until { sees(R.string.offer_sign_in) }
        take("offer-sign-in")
        press("‹")
        giveUp()
    }

    /** What was begun is forgotten. */
    private fun Stage.giveUp() {
        until { sees(R.string.unfinished_give_up) }
        press(R.string.unfinished_give_up)
        until { !sees(R.string.unfinished_give_up) }
    }

    /** The card is read, with all that may come between. */
    private fun Stage.tap(take: (String) -> Unit) {
        enrolledElsewhere()
        until { sees(R.string.welcome_read_card) }
        press(R.string.welcome_read_card)
        type("00000")
        take("tap-digits")
        type("000000")
        press(R.string.next)
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
    }

    private fun Stage.shows(take: (String) -> Unit) {
        press(R.string.card_scan)
        type(sign())
        press(R.string.scan_use)
        until { views<RadioButton>().isNotEmpty() }
        take("show-choice")
        press(R.string.show_now)
        until { views<CodeView>().isNotEmpty() }
        take("show-code")
        until {
            pass(FRAME_SECONDS)
            views<CodeView>().isEmpty()
        }
        until { sees(R.string.show_again) }
        take("show-ended")
        press(R.string.close)
        until { sees(R.string.card_history) }
        press(R.string.card_history)
        until { sees(text(R.string.history_verified, "").trim()) }
        take("history")
        press("‹")
        press(R.string.lost_button)
        take("lost")
        press("‹")
        again()
        until { sees(R.string.unlock) }
        take("locked")
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
        again()
        unlock()
        until { sees(LifeCycle.NeedsRenewal(RenewReason.COPIES_ENDED).text(language).what) }
        take("card-renewal")
        clock.ahead = 0
        val asked = Network.Held(CREDENTIAL).also { network.held = it }
        press(R.string.card_renew)
        until { asked.waits }
        take("renew")
        network.held = null
        asked.go.complete(Unit)
        until { sees(R.string.renew_done) }
        press(R.string.issued_see)
        simulator.endCard("card_lost")
        again()
        unlock()
        until { sees(LifeCycle.Revoked(RevokeReason.CARD_LOST).text(language).what) }
        take("card-revoked")
    }

    /** Another document comes beside the card, and one that a clerk has to look at. */
    private fun Stage.documents(take: (String) -> Unit) {
        apply("veteran_card")
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
        apply("welfare_card")
        until { sees(activity.resources.getQuantityString(R.plurals.offer_later, MINUTES, MINUTES)) }
        take("offer-later")
        press(R.string.close)
        giveUp()
    }

    private fun Stage.apply(document: String) {
        val visit = simulator.visit(document = document)
        press(R.string.card_scan)
        type(visit.link)
        press(R.string.scan_use)
        until { sees(R.string.offer_question) }
        type(visit.digits)
        press(R.string.offer_accept)
    }

    private fun Stage.buttons(names: List<String>) = views<Button>().map { it.text.toString() }.filter(names::contains)

    private companion object {
        const val CREDENTIAL = "/credential"
        const val FRAME_SECONDS = 15

        /** How long the clerk takes. */
        const val MINUTES = 60
        const val DAY = 86_400L
        const val STALE = 25 * 3600L
        const val ENDED = 29 * DAY
        const val NUMBER = "12-345678"
        val CARD = listOf("Mobile resident card", "모바일 주민등록증")
        val DOCUMENT = listOf("Veteran's card (test)", "국가보훈등록증 (시험)")
    }
}
