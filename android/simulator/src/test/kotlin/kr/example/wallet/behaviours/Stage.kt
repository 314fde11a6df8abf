package kr.example.wallet.behaviours

import kotlinx.coroutines.flow.last
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kr.example.wallet.EnrolmentEvent
import kr.example.wallet.MobileId
import kr.example.wallet.PlatformHttp
import kr.example.wallet.core.CardLink
import kr.example.wallet.core.CardView
import kr.example.wallet.core.Clock
import kr.example.wallet.core.Counter
import kr.example.wallet.core.CounterShow
import kr.example.wallet.core.CreatedKeys
import kr.example.wallet.core.DeskSettings
import kr.example.wallet.core.Disclosure
import kr.example.wallet.core.Http
import kr.example.wallet.core.HttpException
import kr.example.wallet.core.HttpRequest
import kr.example.wallet.core.HttpResponse
import kr.example.wallet.core.KeyPolicy
import kr.example.wallet.core.KeyStore
import kr.example.wallet.core.Language
import kr.example.wallet.core.Now
import kr.example.wallet.core.Outcome
import kr.example.wallet.core.Platform
import kr.example.wallet.core.Reason
import kr.example.wallet.core.Scan
import kr.example.wallet.core.Verdict
import kr.example.wallet.simulator.MemoryAnchor
import kr.example.wallet.simulator.SimulatedPhone
import kr.example.wallet.simulator.Simulator
import kr.example.wallet.simulator.SystemClock
import java.io.File
import java.net.URI
import java.util.concurrent.ConcurrentSkipListSet
import java.util.concurrent.atomic.AtomicInteger

/** A desk of its own for one behaviour, with phones; gone at the end of [play]. */
internal class Stage(
    val simulator: Simulator,
) {
    private val folder: File =
        kotlin.io.path
            .createTempDirectory("wallet-behaviour")
            .toFile()
    private val opened = mutableListOf<AutoCloseable>()

    fun phone(name: String = "phone"): Phone = Phone(this, name, File(folder, name).apply { mkdirs() }).also { opened += it }

    fun counter(
        deskId: String? = simulator.deskId,
        lowestSequence: ULong = 0u,
        authority: ByteArray = simulator.packAuthority,
    ): Counter = Counter.open(get("/counter-pack"), authority, lowestSequence, DeskSettings(deskId, false, false), now())

    /** The sign the desk puts up now. */
    fun sign(): String =
        Json
            .parseToJsonElement(get("/desk-sign").decodeToString())
            .jsonObject
            .getValue("sign")
            .jsonPrimitive.content

    private fun get(path: String): ByteArray = URI(simulator.desk + path).toURL().openStream().use { it.readAllBytes() }

    companion object {
        /** A hanging behaviour is a failed one. */
        private const val PATIENCE = 60_000L

        fun play(behaviour: suspend Stage.() -> Unit): Unit =
            runBlocking {
                Simulator.start().use { simulator ->
                    val stage = Stage(simulator)
                    try {
                        withTimeout(PATIENCE) { stage.behaviour() }
                    } finally {
                        stage.opened.forEach(AutoCloseable::close)
                        stage.folder.deleteRecursively()
                    }
                }
            }
    }
}

internal fun now(): Long = System.currentTimeMillis() / 1000

/** A phone whose seams a behaviour may replace. */
internal class Phone(
    val stage: Stage,
    name: String,
    val folder: File,
) : AutoCloseable {
    val hardware: SimulatedPhone = stage.simulator.phone(name)
    val anchor = MemoryAnchor()
    val http = CountingHttp()
    val vault = File(folder, "vault")

    suspend fun open(
        keyStore: KeyStore = hardware,
        http: Http = this.http,
        clock: Clock = SystemClock(),
        language: Language = Language.ENGLISH,
    ): MobileId = MobileId.open(Platform(keyStore, anchor, http, clock, hardware), stage.simulator.config(vault, language))

    suspend fun unlocked(
        keyStore: KeyStore = hardware,
        http: Http = this.http,
        clock: Clock = SystemClock(),
    ): MobileId = open(keyStore, http, clock).also { it.unlock() }

    suspend fun enrolled(keyStore: KeyStore = hardware): MobileId = unlocked(keyStore).also { enrol(it) }

    suspend fun enrol(
        id: MobileId,
        card: String = "adult",
        moving: Boolean = false,
    ): CardView =
        stage.simulator.tap(card).use { link ->
            (id.enrolling(link, stage.simulator.can(card), moving).last() as EnrolmentEvent.Done).card
        }

    suspend fun prompts(): Int = hardware.prompts().size

    override fun close(): Unit = hardware.close()
}

/** The real client, counted. */
internal class CountingHttp(
    private val inner: Http = PlatformHttp(),
) : Http {
    val sent = AtomicInteger()

    override suspend fun send(request: HttpRequest): HttpResponse {
        sent.incrementAndGet()
        return inner.send(request)
    }
}

/** The keys that were made and are not deleted yet. */
internal class Counted(
    private val hardware: KeyStore,
) : KeyStore by hardware {
    val keys = ConcurrentSkipListSet<String>()

    override suspend fun create(
        policy: KeyPolicy,
        challenge: ByteArray,
        count: UInt,
    ): CreatedKeys = hardware.create(policy, challenge, count).also { made -> keys += made.keys.map { it.id } }

    override suspend fun delete(ids: List<String>): List<String> = hardware.delete(ids).also { keys -= it.toSet() }
}

/** A network that is not there. */
internal object NoNetwork : Http {
    override suspend fun send(request: HttpRequest): HttpResponse = throw HttpException.Offline()
}

/** The computer's clock, set forward. */
internal class BentClock : Clock {
    @Volatile var ahead = 0L

    override fun now(): Now = Now(System.currentTimeMillis() / 1000 + ahead)
}

/** A link that calls [before] with the number of each command, from one. */
internal class WatchedLink(
    private val inner: CardLink,
    private val before: suspend (Int) -> Unit,
) : CardLink {
    val commands = AtomicInteger()

    override suspend fun transceive(apdu: ByteArray): ByteArray {
        before(commands.incrementAndGet())
        return inner.transceive(apdu)
    }

    override suspend fun limits() = inner.limits()
}

internal suspend fun MobileId.showAdult(): CounterShow = show(cards().single().id, Disclosure.ADULT_ONLY)

internal fun MobileId.left(disclosure: Disclosure): Int =
    cards()
        .single()
        .copies
        .single { it.disclosure == disclosure }
        .left
        .toInt()

internal fun MobileId.scanSign(text: String) = (scan(text) as Scan.DeskSign).sign

internal fun CounterShow.textAt(seconds: Long): String = frame(Now(seconds)).text

internal fun Verdict.reason(): Reason? = checks.firstNotNullOfOrNull { (it.outcome as? Outcome.Failed)?.reason }
