package kr.example.wallet.conformance

import kr.example.wallet.PlatformHttp
import kr.example.wallet.core.Anchor
import kr.example.wallet.core.CardLink
import kr.example.wallet.core.Clock
import kr.example.wallet.core.FaceCheck
import kr.example.wallet.core.Http
import kr.example.wallet.core.KeyStore
import kr.example.wallet.simulator.MemoryAnchor
import kr.example.wallet.simulator.SimulatedCard
import kr.example.wallet.simulator.SimulatedPhone
import kr.example.wallet.simulator.Simulator
import kr.example.wallet.simulator.SystemClock
import org.junit.After
import java.util.Base64
import java.util.UUID

class MemoryAnchorTest : AnchorConformance() {
    override fun make(): Anchor = MemoryAnchor()
}

class SystemClockTest : ClockConformance() {
    override fun make(): Clock = SystemClock()
}

class PlatformHttpTest : HttpConformance() {
    override fun make(): Http = PlatformHttp()
}

class SimulatedCardTest : CardLinkConformance() {
    private val cards = mutableListOf<SimulatedCard>()

    override fun make(): CardLink = simulator.tap().also { cards += it }

    @After
    fun takeAway(): Unit = cards.forEach(SimulatedCard::close)
}

class SimulatedKeyStoreTest : KeyStoreConformance() {
    private val phones = mutableListOf<SimulatedPhone>()

    override fun make(): KeyStore = simulator.phone("phone-${UUID.randomUUID()}").also { phones += it }

    @After
    fun hangUp(): Unit = phones.forEach(SimulatedPhone::close)
}

class SimulatedFaceCheckTest : FaceCheckConformance() {
    private val phones = mutableListOf<SimulatedPhone>()

    override fun make(): FaceCheck = simulator.phone("face-${UUID.randomUUID()}").also { phones += it }

    override fun providerKey(): ByteArray = faceProvider

    @After
    fun hangUp(): Unit = phones.forEach(SimulatedPhone::close)
}

/** The public half of fixtures/data/face/provider.key.pem. */
internal val faceProvider: ByteArray =
    Base64.getDecoder().decode("BEEmocVro6KYGRQtbyZklgobjFktWblRC0cjQOydyChWdVOMpWIZ72o5WBypxuSM9MYUylE852f1WT59xBt/9Rk=")

/** One for all cases; it ends with this process, which holds its standard input. */
internal val simulator: Simulator by lazy { Simulator.start() }
