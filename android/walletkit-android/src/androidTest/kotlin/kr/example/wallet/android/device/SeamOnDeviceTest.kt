package kr.example.wallet.android.device

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeoutOrNull
import kr.example.wallet.PlatformHttp
import kr.example.wallet.android.AndroidClock
import kr.example.wallet.android.AndroidKeyStoreSeam
import kr.example.wallet.android.CardTap
import kr.example.wallet.android.DeviceProtectedAnchor
import kr.example.wallet.android.IsoDepLink
import kr.example.wallet.android.NfcState
import kr.example.wallet.android.Tap
import kr.example.wallet.conformance.AnchorConformance
import kr.example.wallet.conformance.CardLinkConformance
import kr.example.wallet.conformance.ClockConformance
import kr.example.wallet.conformance.HttpConformance
import kr.example.wallet.conformance.KeyStoreConformance
import kr.example.wallet.core.Anchor
import kr.example.wallet.core.CardLink
import kr.example.wallet.core.Clock
import kr.example.wallet.core.Http
import kr.example.wallet.core.KeyStore
import org.junit.After
import org.junit.Assume.assumeTrue
import org.junit.Before
import org.junit.Rule

/** The same rules as everywhere, over the phone's own hardware. docs/device-tests.md says who does what meanwhile. */
class KeyStoreOnDeviceTest : KeyStoreConformance() {
    @get:Rule val stand = Stand()

    override fun make(): KeyStore {
        stand.screen.say("지문이나 얼굴로 모두 승인하세요\n\nApprove every prompt")
        return AndroidKeyStoreSeam(stand.context, stand.prompts)
    }
}

class AnchorOnDeviceTest : AnchorConformance() {
    @get:Rule val stand = Stand()

    /** Empty, as a new phone's is. */
    override fun make(): Anchor {
        stand.context
            .createDeviceProtectedStorageContext()
            .noBackupFilesDir
            .listFiles()
            ?.forEach { it.delete() }
        return DeviceProtectedAnchor(stand.context)
    }
}

class ClockOnDeviceTest : ClockConformance() {
    override fun make(): Clock = AndroidClock()
}

class HttpOnDeviceTest : HttpConformance() {
    override fun make(): Http = PlatformHttp()
}

/** Wants an ICAO 9303 card, held to the phone when the screen says so. */
class CardOnDeviceTest : CardLinkConformance() {
    @get:Rule val stand = Stand()
    private val cards = Channel<IsoDepLink>(Channel.CONFLATED)
    private lateinit var listening: Job

    @Before
    fun listen() {
        val taps = CardTap(stand.screen)
        assumeTrue("this phone reads no cards now", taps.state() == NfcState.READY)
        stand.screen.say("신분증을 휴대폰에 대고 계세요\n\nHold the card to the phone")
        listening = CoroutineScope(Dispatchers.Default).launch { taps.taps().collect { if (it is Tap.Card) cards.send(it.link) } }
    }

    override fun make(): CardLink =
        runBlocking {
            checkNotNull(withTimeoutOrNull(PATIENCE) { cards.receive() }) { "no card came" }
        }

    @After
    fun stop(): Unit = runBlocking { listening.cancel() }

    private companion object {
        const val PATIENCE = 60_000L
    }
}
