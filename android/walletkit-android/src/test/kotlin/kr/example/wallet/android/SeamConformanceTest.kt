package kr.example.wallet.android

import kotlinx.coroutines.runBlocking
import kr.example.wallet.PlatformHttp
import kr.example.wallet.android.fake.Antenna
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
import kr.example.wallet.simulator.SimulatedCard
import kr.example.wallet.simulator.Simulator
import org.junit.After
import org.junit.Rule
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner

@RunWith(RobolectricTestRunner::class)
class AndroidKeyStoreSeamConformanceTest : KeyStoreConformance() {
    @get:Rule val phone = Phone()

    override fun make(): KeyStore = phone.keyStore()
}

@RunWith(RobolectricTestRunner::class)
class DeviceProtectedAnchorConformanceTest : AnchorConformance() {
    @get:Rule val phone = Phone()

    override fun make(): Anchor = DeviceProtectedAnchor(phone.application)
}

@RunWith(RobolectricTestRunner::class)
class IsoDepLinkConformanceTest : CardLinkConformance() {
    @get:Rule val phone = Phone()
    private val cards = mutableListOf<SimulatedCard>()

    /** The chip of the simulator, behind Android's own class. */
    override fun make(): CardLink {
        val card = simulator.tap().also { cards += it }
        Antenna.card = { command -> runBlocking { card.transceive(command) } }
        return checkNotNull(IsoDepLink.of(Antenna.chipCard()))
    }

    @After
    fun takeAway(): Unit = cards.forEach(SimulatedCard::close)
}

@RunWith(RobolectricTestRunner::class)
class AndroidClockConformanceTest : ClockConformance() {
    override fun make(): Clock = AndroidClock()
}

/** `java.net` again, with what Robolectric puts in its place. */
@RunWith(RobolectricTestRunner::class)
class PlatformHttpConformanceTest : HttpConformance() {
    override fun make(): Http = PlatformHttp()
}

/** One for all tests of this process; it ends with it. */
internal val simulator: Simulator by lazy { Simulator.start() }
