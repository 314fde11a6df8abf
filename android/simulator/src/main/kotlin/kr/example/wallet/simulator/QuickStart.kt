package kr.example.wallet.simulator

import kotlinx.coroutines.flow.first
import kr.example.wallet.EnrolmentEvent
import kr.example.wallet.MobileId
import kr.example.wallet.PlatformHttp
import kr.example.wallet.core.Counter
import kr.example.wallet.core.DeskSettings
import kr.example.wallet.core.Disclosure
import kr.example.wallet.core.Language
import kr.example.wallet.core.Platform
import kr.example.wallet.core.QrCode
import kr.example.wallet.core.stageText
import kr.example.wallet.pixels
import java.net.URI
import kotlin.io.path.createTempDirectory

/**
 * From nothing to a shown code, against `wallet simulator`: what an app does, without its screens. android/README.md shows it,
 * android/quick-start runs it.
 */
public suspend fun main() {
    val folder = createTempDirectory("wallet").toFile()
    Simulator.start().use { simulator ->
        val phone = simulator.phone("mine")
        // On a phone: AndroidPlatform.create, with the app's own face provider.
        val platform = Platform(phone, MemoryAnchor(), PlatformHttp(), SystemClock(), phone)
        MobileId.open(platform, simulator.config(folder.resolve("vault"))).use { id ->
            id.unlock()

            // On a phone: the link of a tap, from CardTap.
            id.enrolling(simulator.tap(), simulator.can()).collect { event ->
                when (event) {
                    is EnrolmentEvent.Reading -> println("reading ${event.progress.file}: ${event.progress.bytesRead} bytes")
                    is EnrolmentEvent.Stage -> println(stageText(event.stage, Language.ENGLISH))
                    is EnrolmentEvent.Done -> println("in the wallet: ${event.card.document}, valid until ${event.card.validUntil}")
                }
            }

            // One prompt; `frames` gives another frame every second until the show ends.
            val show = id.show(id.cards().single().id, Disclosure.ADULT_ONLY)
            val frame = id.frames(show).first()
            draw(frame.qr)
            println("changes in ${frame.secondsLeft} s, frame ${frame.step + 1u} of ${frame.frames}")

            // The other side: a counter with the desk's pack, offline.
            println(if (simulator.accepts(frame.text)) "accepted" else "refused")
        }
    }
    folder.deleteRecursively()
}

/** Two rows of modules in one line of text, light on a dark terminal; an app hands the pixels to `Bitmap.createBitmap`. */
private fun draw(code: QrCode) {
    val pixels = code.pixels(scale = 1)

    fun isLight(
        x: Int,
        y: Int,
    ) = y >= pixels.side || pixels.argb[y * pixels.side + x] == -1
    for (y in 0 until pixels.side step 2) {
        println((0 until pixels.side).joinToString("") { x -> BLOCKS[if (isLight(x, y)) 1 else 0][if (isLight(x, y + 1)) 1 else 0] })
    }
}

private fun Simulator.accepts(code: String): Boolean {
    val pack = URI("$desk/counter-pack").toURL().readBytes()
    val now = SystemClock().now().unixSeconds
    val counter = Counter.open(pack, packAuthority, 0u, DeskSettings(deskId, acceptGeneralAudience = false, requireNonce = false), now)
    return counter.check(code, now, 0).accepted
}

private val BLOCKS = listOf(listOf(" ", "▄"), listOf("▀", "█"))
