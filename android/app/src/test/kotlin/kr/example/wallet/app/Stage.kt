package kr.example.wallet.app

import android.Manifest
import android.app.Activity
import android.content.Intent
import android.content.pm.PackageManager
import android.graphics.Bitmap
import android.graphics.Canvas
import android.hardware.biometrics.BiometricManager
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CameraManager
import android.nfc.NfcAdapter
import android.nfc.Tag
import android.os.Bundle
import android.os.Looper
import android.view.View
import android.widget.EditText
import android.widget.TextView
import com.google.zxing.BinaryBitmap
import com.google.zxing.RGBLuminanceSource
import com.google.zxing.ReaderException
import com.google.zxing.common.HybridBinarizer
import com.google.zxing.qrcode.QRCodeReader
import kotlinx.coroutines.runBlocking
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kr.example.wallet.MobileId
import kr.example.wallet.PlatformHttp
import kr.example.wallet.core.CardLink
import kr.example.wallet.core.Counter
import kr.example.wallet.core.DeskSettings
import kr.example.wallet.core.KeyStore
import kr.example.wallet.core.Platform
import kr.example.wallet.core.Verdict
import kr.example.wallet.simulator.MemoryAnchor
import kr.example.wallet.simulator.SimulatedPhone
import kr.example.wallet.simulator.Simulator
import kr.example.wallet.simulator.SystemClock
import org.junit.rules.ExternalResource
import org.robolectric.Robolectric
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import org.robolectric.shadow.api.Shadow
import org.robolectric.shadows.ShadowBiometricManager
import org.robolectric.shadows.ShadowCameraCharacteristics
import org.robolectric.shadows.ShadowNfcAdapter
import java.io.File
import java.net.URI
import java.time.Duration
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.locks.LockSupport
import kotlin.io.path.createTempDirectory
import kotlin.test.assertNotNull
import kotlin.test.fail

/** A desk, cards and a phone's hardware for one test, and the citizen's hands and eyes. */
internal class Stage : ExternalResource() {
    lateinit var simulator: Simulator
        private set
    lateinit var hardware: SimulatedPhone
        private set
    val clock = BentClock()
    val network = Network()

    /** Whether the build names an issuer. */
    var isSetUp = true

    /** The phone's keys, where a test has others than its hardware. */
    var keys: KeyStore? = null
    private val uncaught = ConcurrentLinkedQueue<Throwable>()
    private val launched = mutableListOf<ActivityController<WalletActivity>>()
    private val elsewhere = mutableListOf<AutoCloseable>()

    val app: TestApp
        get() = RuntimeEnvironment.getApplication() as TestApp

    val activity: WalletActivity
        get() = launched.last().get()

    override fun before() {
        simulator = Simulator.start()
        hardware = simulator.phone("phone")
        current = this
        // On a phone it would end the app.
        Thread.setDefaultUncaughtExceptionHandler { _, failure -> uncaught += failure }
        shadowOf(app.packageManager).setSystemFeature(PackageManager.FEATURE_NFC, true)
        ShadowNfcAdapter.setNfcHardwareExists(true)
        installed()
        nfc(true)
        biometrics(true)
    }

    override fun after() {
        launched.filterNot { it.get().isDestroyed }.forEach { it.pause().stop().destroy() }
        idle()
        app.door.close()
        elsewhere.asReversed().forEach(AutoCloseable::close)
        hardware.close()
        simulator.close()
        ChipAtAntenna.card = null
        current = null
        Thread.setDefaultUncaughtExceptionHandler(null)
        uncaught.firstOrNull()?.let { throw AssertionError("nobody caught it: the app would have ended", it) }
    }

    /** The citizen opens the app, or the system does with [intent]. */
    fun open(
        saved: Bundle? = null,
        intent: Intent? = null,
    ): WalletActivity {
        val controller = Robolectric.buildActivity(WalletActivity::class.java, intent)
        launched += controller
        if (saved == null) controller.setup() else controller.setup(saved)
        idle()
        return controller.get()
    }

    /** Another app comes before this one. */
    fun leave() {
        launched.last().pause().stop()
        idle()
    }

    /** The system opens the app that runs with [intent]. */
    fun openedAgain(intent: Intent) {
        launched.last().newIntent(intent)
        idle()
    }

    fun comeBack() {
        // Which starts it too.
        launched.last().restart().resume()
        idle()
    }

    /** The phone is turned. */
    fun turn() {
        RuntimeEnvironment.setQualifiers("+land")
        launched.last().configurationChange().visible()
        idle()
    }

    /** The system speaks another language from now on. */
    fun speak(qualifiers: String) {
        RuntimeEnvironment.setQualifiers(qualifiers)
        launched.last().configurationChange().visible()
        idle()
    }

    /** The system ends the process; what it saved comes back. */
    fun die(): WalletActivity {
        val saved = Bundle()
        launched
            .last()
            .saveInstanceState(saved)
            .pause()
            .stop()
            .destroy()
        // A process that died holds no file.
        until { app.door.isIdle }
        app.door.close()
        return open(saved)
    }

    /** The citizen closes the app for good; the process lives on. */
    fun finish() {
        launched
            .last()
            .pause()
            .stop()
            .destroy()
        idle()
    }

    /** What the system keeps of the screens, into [state]. */
    fun save(state: Bundle) {
        launched.last().saveInstanceState(state)
    }

    fun nfc(enabled: Boolean) = shadowOf(NfcAdapter.getDefaultAdapter(app)).setEnabled(enabled)

    /** A camera on the back, which the app may use or not. */
    fun camera(allowed: Boolean) {
        val cameras = shadowOf(app.getSystemService(CameraManager::class.java))
        if (app.getSystemService(CameraManager::class.java).cameraIdList.isEmpty()) {
            val back = ShadowCameraCharacteristics.newCameraCharacteristics()
            shadowOf(back).set(CameraCharacteristics.LENS_FACING, CameraCharacteristics.LENS_FACING_BACK)
            cameras.addCamera("0", back)
        }
        if (allowed) shadowOf(app).grantPermissions(Manifest.permission.CAMERA)
    }

    fun biometrics(there: Boolean) {
        val shadow = Shadow.extract<ShadowBiometricManager>(app.getSystemService(BiometricManager::class.java))
        shadow.setAuthenticatorType(if (there) BiometricManager.Authenticators.BIOMETRIC_STRONG else 0)
        shadow.setCanAuthenticate(there)
    }

    /** A card is held to the phone. */
    fun hold(card: CardLink = simulator.tap()) {
        ChipAtAntenna.card = card
        touch(intArrayOf(ISO_DEP))
    }

    /** Something else is: a transit card without a processor. */
    fun holdNoCard() = touch(intArrayOf(NFC_A))

    private fun touch(technologies: IntArray) {
        val tag = Tag.createMockTag(byteArrayOf(1, 2, 3, 4), technologies, Array(technologies.size) { Bundle() }, 0)
        shadowOf(NfcAdapter.getDefaultAdapter(app)).dispatchTagDiscovered(tag)
        idle()
    }

    /** From the first screen to the wait for the card. */
    fun toTheCard(digits: String = simulator.can().decodeToString()) {
        until { sees(R.string.welcome_title) }
        press(R.string.welcome_read_card)
        type(digits)
        press(R.string.next)
    }

    /** The whole way by tap, to the card on the screen. */
    fun enrolled(): WalletActivity {
        open()
        toTheCard()
        until { sees(R.string.tap_hold) }
        hold()
        until { sees(R.string.issued_done) }
        press(R.string.issued_see)
        until { sees(R.string.card_show) }
        return activity
    }

    /** The citizen's other phone, which has the ID. */
    fun enrolledElsewhere(): MobileId =
        runBlocking {
            val folder = createTempDirectory("other").toFile()
            elsewhere += AutoCloseable { folder.deleteRecursively() }
            val phone = simulator.phone("other").also(elsewhere::add)
            val platform = Platform(phone, MemoryAnchor(), PlatformHttp(), SystemClock(), phone)
            val id = MobileId.open(platform, simulator.config(File(folder, "vault"))).also(elsewhere::add)
            id.unlock()
            simulator.tap().use { card -> id.enrolling(card, simulator.can()).collect {} }
            id
        }

    fun counter(): Counter =
        Counter.open(
            get("/counter-pack"),
            simulator.packAuthority,
            0u,
            DeskSettings(simulator.deskId, false, false),
            clock.now().unixSeconds,
        )

    /** The sign the desk puts up now. */
    fun sign(): String =
        Json
            .parseToJsonElement(get("/desk-sign").decodeToString())
            .jsonObject
            .getValue("sign")
            .jsonPrimitive.content

    fun check(code: String): Verdict = counter().check(code, clock.now().unixSeconds, 0)

    fun prompts(): Int = runBlocking { hardware.prompts().size }

    /** What the citizen does at the next prompt. */
    fun next(answer: String) = runBlocking { hardware.answerNext(answer) }

    fun text(
        id: Int,
        vararg values: Any,
    ): String = activity.getString(id, *values)

    /** Every text a citizen sees now. */
    fun texts(): List<String> = views<TextView>().map { it.text.toString() }.filter(String::isNotEmpty)

    fun sees(words: String): Boolean = texts().any { it.contains(words, ignoreCase = true) }

    fun sees(
        id: Int,
        vararg values: Any,
    ): Boolean = sees(text(id, *values))

    fun press(id: Int) = press(text(id))

    fun press(words: String) {
        val button =
            views<TextView>().firstOrNull { it.isClickable && it.text.toString() == words } ?: fail("no button \"$words\" among ${texts()}")
        check(button.isEnabled) { "\"$words\" cannot be pressed" }
        button.performClick()
        idle()
    }

    fun type(words: String) = views<EditText>().single().setText(words)

    inline fun <reified V : View> views(): List<V> =
        activity.window.decorView
            .all()
            .filterIsInstance<V>()
            .filter(View::isShown)
            .toList()

    /** Waits for what other threads and the simulator do; the screen's own clock stands still meanwhile. */
    fun until(condition: () -> Boolean) {
        repeat(PATIENCE) {
            idle()
            if (condition()) return
            LockSupport.parkNanos(STEP)
        }
        fail("it did not come; on the screen: ${texts()}")
    }

    /** The screen's clock and the phone's go on. */
    fun pass(seconds: Int) {
        clock.ahead += seconds
        repeat(seconds) { shadowOf(Looper.getMainLooper()).idleFor(Duration.ofSeconds(1)) }
    }

    /** The picture the citizen, or a counter's camera, sees. */
    fun picture(): Bitmap {
        val decor = activity.window.decorView
        // No button half way between two states.
        decor.jumpDrawablesToCurrentState()
        val picture = Bitmap.createBitmap(decor.width, decor.height, Bitmap.Config.ARGB_8888)
        decor.draw(Canvas(picture))
        return picture
    }

    /** What a scanner held to the screen reads: it looks until it finds a code that is not [known], at most three frames long. */
    fun code(known: String? = null): String {
        repeat(FRAMES) {
            repeat(LOOKS) {
                idle()
                read(picture())?.takeIf { it != known }?.let { return it }
                LockSupport.parkNanos(STEP)
            }
            pass(FRAME_SECONDS)
        }
        fail("no scanner reads the code")
    }

    /** As a camera does, it looks from more than one distance. */
    private fun read(picture: Bitmap): String? =
        DISTANCES.firstNotNullOfOrNull { distance ->
            val side = { whole: Int -> whole * distance / DISTANCES.first() }
            find(Bitmap.createScaledBitmap(picture, side(picture.width), side(picture.height), true))
        }

    private fun find(picture: Bitmap): String? {
        val pixels = IntArray(picture.width * picture.height)
        picture.getPixels(pixels, 0, picture.width, 0, 0, picture.width, picture.height)
        return try {
            QRCodeReader().decode(BinaryBitmap(HybridBinarizer(RGBLuminanceSource(picture.width, picture.height, pixels)))).text
        } catch (_: ReaderException) {
            null
        }
    }

    fun opened(): Intent = assertNotNull(shadowOf(activity as Activity).nextStartedActivity, "nothing was opened")

    private fun get(path: String): ByteArray = URI(simulator.desk + path).toURL().openStream().use { it.readAllBytes() }

    companion object {
        var current: Stage? = null
            private set
        private val DISTANCES = listOf(8, 7, 6, 9, 5, 10)
        private const val FRAMES = 3
        private const val FRAME_SECONDS = 15
        private const val LOOKS = 10
        private const val NFC_A = 1
        private const val ISO_DEP = 3
        private const val PATIENCE = 20_000
        private const val STEP = 2_000_000L

        /** What the system grants by itself when an app that asks for it is installed. */
        fun installed() = shadowOf(RuntimeEnvironment.getApplication()).grantPermissions("android.permission.HIDE_OVERLAY_WINDOWS")

        fun idle() = shadowOf(Looper.getMainLooper()).idle()
    }
}
