package kr.example.wallet.bench

import kotlinx.coroutines.flow.last
import kr.example.wallet.EnrolmentEvent
import kr.example.wallet.MobileId
import kr.example.wallet.PlatformHttp
import kr.example.wallet.core.Anchor
import kr.example.wallet.core.Clock
import kr.example.wallet.core.Disclosure
import kr.example.wallet.core.FrameView
import kr.example.wallet.core.KeyStore
import kr.example.wallet.core.Now
import kr.example.wallet.core.Platform
import kr.example.wallet.simulator.MemoryAnchor
import kr.example.wallet.simulator.SimulatedPhone
import kr.example.wallet.simulator.Simulator
import kr.example.wallet.simulator.SystemClock
import java.io.File

/** A phone with a card in it, that can be put back to the moment after enrolment: a show uses up a copy. */
internal class EnrolledPhone private constructor(
    private val simulator: Simulator,
    private val folder: File,
) : AutoCloseable {
    val hardware: SimulatedPhone = simulator.phone("bench")
    private val vault = File(folder, "vault")
    private val anchor = MemoryAnchor()
    private lateinit var files: Map<String, ByteArray>
    private lateinit var state: ByteArray
    private lateinit var card: String

    /** Copies are used up; the files of the vault and the anchor with them are as after enrolment again. */
    fun restore() {
        folder.listFiles().orEmpty().forEach { it.deleteRecursively() }
        for ((name, bytes) in files) File(folder, name).writeBytes(bytes)
        anchor.bytes = state.copyOf()
    }

    /** Open, unlock, show, four frames fifteen seconds apart, close. */
    suspend fun show(
        keyStore: KeyStore = hardware,
        clock: Clock = SystemClock(),
        measuredAnchor: (MemoryAnchor) -> Anchor = { it },
    ): List<FrameView> {
        val platform = Platform(keyStore, measuredAnchor(anchor), PlatformHttp(), clock, hardware)
        return MobileId.open(platform, simulator.config(vault)).use { id ->
            id.unlock()
            id.show(card, Disclosure.ADULT_ONLY).use { show ->
                val begin = show.endsAt() - SHOW_SECONDS
                (0 until FRAMES).map { show.frame(Now(begin + it * FRAME_SECONDS)) }
            }
        }
    }

    override fun close() {
        hardware.close()
        simulator.close()
        folder.deleteRecursively()
    }

    private suspend fun enrol() {
        val platform = Platform(hardware, anchor, PlatformHttp(), SystemClock(), hardware)
        MobileId.open(platform, simulator.config(vault)).use { id ->
            id.unlock()
            card = simulator.tap().use { (id.enrolling(it, simulator.can()).last() as EnrolmentEvent.Done).card.id }
        }
        files = folder.listFiles().orEmpty().associate { it.name to it.readBytes() }
        state = anchor.bytes.copyOf()
    }

    companion object {
        private const val FRAMES = 4
        private const val FRAME_SECONDS = 15L
        private const val SHOW_SECONDS = 180L

        suspend fun make(): EnrolledPhone {
            val folder =
                kotlin.io.path
                    .createTempDirectory("wallet-bench")
                    .toFile()
            return EnrolledPhone(Simulator.start(), folder).also { it.enrol() }
        }
    }
}
