package kr.example.wallet.app

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.async
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.joinAll
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withContext
import kr.example.wallet.MobileId
import kr.example.wallet.core.Language
import kr.example.wallet.core.Platform
import kr.example.wallet.core.WalletConfig
import kr.example.wallet.core.WalletException
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.AtomicInteger

/** The process's one wallet: opened when first asked for, locked when the citizen looks away. */
public class Door(
    private val platform: () -> Platform,
    private val config: (Language) -> WalletConfig,
    private val work: CoroutineDispatcher = Dispatchers.IO,
) {
    private val turn = Mutex()
    private val errands = AtomicInteger()
    private val besides = AtomicInteger()

    @Volatile private var isAway = false

    @Volatile private var opened: Opened? = null

    /** Runs [block] with the wallet, away from the screen's thread; the wallet is not locked meanwhile. Prompts are in [language]. */
    public suspend fun <T> with(
        language: Language,
        block: suspend (MobileId) -> T,
    ): T {
        var wallet: Opened? = null
        errands.incrementAndGet()
        try {
            val id = open(language, insists = true) { wallet = it.apply { errands.incrementAndGet() } }
            return withContext(work) { block(id) }
        } finally {
            wallet?.errands?.decrementAndGet()
            if (errands.decrementAndGet() == 0 && isAway) lock()
        }
    }

    /**
     * Runs [block] with the wallet, locked or not: nothing waits for it, and it asks the citizen nothing. It makes room for an errand
     * that wants the wallet in another language, and begins anew.
     */
    public suspend fun <T> beside(
        language: Language,
        block: suspend (MobileId) -> T,
    ): T {
        besides.incrementAndGet()
        try {
            while (true) {
                try {
                    return aside(language, block)
                } catch (_: MakeRoom) {
                    currentCoroutineContext().ensureActive()
                }
            }
        } finally {
            besides.decrementAndGet()
        }
    }

    /** Whether nothing runs with the wallet: closed now, its file is free for the next to open it. */
    internal val isIdle: Boolean
        get() = errands.get() == 0 && besides.get() == 0

    /** The citizen looks elsewhere: the personal part is locked as soon as no errand needs it. */
    public fun away() {
        isAway = true
        if (errands.get() == 0) lock()
    }

    /** The citizen is back. */
    public fun back() {
        isAway = false
    }

    /** The phone's clock once the wallet is open, seconds since 1970 UTC. */
    public fun seconds(): Long =
        checkNotNull(opened) { "not open" }
            .platform.clock
            .now()
            .unixSeconds

    /** Lets the wallet go. */
    public fun close() {
        opened?.id?.close()
        opened = null
    }

    private suspend fun <T> aside(
        language: Language,
        block: suspend (MobileId) -> T,
    ): T =
        coroutineScope {
            async(work) {
                val job = checkNotNull(currentCoroutineContext()[Job])
                val id =
                    open(language, insists = false) { wallet ->
                        wallet.besides += job
                        job.invokeOnCompletion { wallet.besides -= job }
                    }
                block(id)
            }.await()
        }

    /**
     * With prompts in [language]. Who [insists] on it has the wallet opened again, locked, when the system's language has changed and no
     * other errand runs. What runs beside ends first: the file of a wallet in use cannot be opened.
     */
    private suspend fun open(
        language: Language,
        insists: Boolean,
        enter: (Opened) -> Unit,
    ): MobileId =
        withContext(work) {
            turn.withLock {
                var wallet = opened
                if (insists && wallet != null && wallet.language != language && wallet.errands.get() == 0) {
                    wallet.besides.forEach { it.cancel(MakeRoom()) }
                    wallet.besides.joinAll()
                    wallet.id.close()
                    opened = null
                    wallet = null
                }
                if (wallet == null) {
                    val config = config(language)
                    val platform = platform()
                    wallet = Opened(language, platform, MobileId.open(platform, config))
                    opened = wallet
                }
                enter(wallet)
                wallet.id
            }
        }

    private fun lock() {
        try {
            opened?.id?.lock()
        } catch (_: WalletException.NotUsable) {
            // It was wiped: nothing is left to lock.
        }
    }

    private class Opened(
        val language: Language,
        val platform: Platform,
        val id: MobileId,
    ) {
        val errands = AtomicInteger()
        val besides: MutableSet<Job> = ConcurrentHashMap.newKeySet()
    }

    private class MakeRoom : CancellationException("an errand wants the wallet in another language")
}
