package kr.example.wallet.bench

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.runBlocking
import kr.example.wallet.core.Anchor
import kr.example.wallet.core.Clock
import kr.example.wallet.core.HolderKeyId
import kr.example.wallet.core.InstanceKeyId
import kr.example.wallet.core.KeyPolicy
import kr.example.wallet.core.KeyStore
import kr.example.wallet.core.Now
import kr.example.wallet.core.Prompt
import kr.example.wallet.core.SignRequest
import kr.example.wallet.core.WrapKeyId
import java.util.concurrent.atomic.AtomicLong

/**
 * The time of one whole counter show (open → unlock → show → four frames → close) that is spent outside the seam's own
 * methods: all of it, minus what passes between entry and exit of each method of KeyStore, Anchor and Clock. A show makes no
 * HTTP request. Restoring the vault between rounds is not timed. The Rust twin minus this figure is what the binding costs.
 *
 * One JSON line: `{"rounds":N,"best_us":B,"p10_us":T,"median_us":M,"p95_us":P,"seam_calls":C,"language":"kotlin"}`.
 */
public object CounterShowBench {
    private const val WARM_UP = 100
    private const val ROUNDS = 300

    /** @param arguments the number of rounds, at least 300; 300 without it. */
    @JvmStatic
    public fun main(arguments: Array<String>): Unit =
        // On a pool of threads, as the app calls it, and not on the one that draws.
        runBlocking(Dispatchers.IO) {
            val rounds = maxOf(ROUNDS, arguments.firstOrNull()?.toInt() ?: ROUNDS)
            EnrolledPhone.make().use { phone ->
                val seam = Stopwatch()
                val outside = ArrayList<Long>(rounds)
                var calls = 0L
                repeat(WARM_UP + rounds) { round ->
                    phone.restore()
                    seam.reset()
                    val begin = System.nanoTime()
                    phone.show(TimedKeyStore(phone.hardware, seam), TimedClock(seam)) { TimedAnchor(it, seam) }
                    val total = System.nanoTime() - begin
                    if (round >= WARM_UP) outside += total - seam.nanos.get()
                    calls = seam.calls.get()
                }
                outside.sort()
                val (best, p10, median, p95) = listOf(0, 10, 50, 95).map { outside[rounds * it / 100] / 1000 }
                println(
                    """{"rounds":$rounds,"best_us":$best,"p10_us":$p10,"median_us":$median,"p95_us":$p95,"seam_calls":$calls,"language":"kotlin"}""",
                )
            }
        }
}

/** Time spent inside the seam, whichever thread spends it: the core calls one method at a time in a show. */
internal class Stopwatch {
    val nanos = AtomicLong()
    val calls = AtomicLong()

    fun reset() {
        nanos.set(0)
        calls.set(0)
    }

    inline fun <T> during(call: () -> T): T {
        val begin = System.nanoTime()
        try {
            return call()
        } finally {
            nanos.addAndGet(System.nanoTime() - begin)
            calls.incrementAndGet()
        }
    }
}

private class TimedClock(
    private val watch: Stopwatch,
) : Clock {
    override fun now(): Now = watch.during { Now(System.currentTimeMillis() / 1000) }
}

private class TimedAnchor(
    private val inner: Anchor,
    private val watch: Stopwatch,
) : Anchor {
    override suspend fun load(): ByteArray = watch.during { inner.load() }

    override suspend fun store(bytes: ByteArray): ByteArray = watch.during { inner.store(bytes) }
}

private class TimedKeyStore(
    private val inner: KeyStore,
    private val watch: Stopwatch,
) : KeyStore {
    override suspend fun create(
        policy: KeyPolicy,
        challenge: ByteArray,
        count: UInt,
    ) = watch.during { inner.create(policy, challenge, count) }

    override suspend fun sign(
        key: HolderKeyId,
        requests: List<SignRequest>,
        prompt: Prompt,
    ) = watch.during { inner.sign(key, requests, prompt) }

    override suspend fun signInstance(
        key: InstanceKeyId,
        message: ByteArray,
    ) = watch.during { inner.signInstance(key, message) }

    override suspend fun wrap(
        key: WrapKeyId,
        plain: ByteArray,
    ) = watch.during { inner.wrap(key, plain) }

    override suspend fun unwrap(
        key: WrapKeyId,
        wrapped: ByteArray,
        prompt: Prompt?,
    ) = watch.during { inner.unwrap(key, wrapped, prompt) }

    override suspend fun delete(ids: List<String>) = watch.during { inner.delete(ids) }
}
