package kr.example.wallet.app

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
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

/**
 * The process's one wallet: opened when first asked for, locked when the citizen looks away. Who looks away while an errand runs owes a
 * lock, which is paid when the errand ends, also when they are back by then; the next errand begins after it.
 */
public class Door(
    private val platform: () -> Platform,
    private val config: (Language) -> WalletConfig,
    private val work: CoroutineDispatcher = Dispatchers.IO,
    private val lock: (MobileId) -> Unit = MobileId::lock,
) {
    private val turn = Mutex()
    private val besides = AtomicInteger()

    /** Guards the errands, who looks, and what is owed. */
    private val gate = Any()
    private var errands = 0
    private var isAway = false
    private var owed: CompletableDeferred<Unit>? = null

    @Volatile private var opened: Opened? = null

    /**
     * Runs [block] with the wallet, away from the screen's thread; the wallet is not locked meanwhile. Prompts are in [language]. Not
     * within another [block]: where a lock is owed it is waited for.
     */
    public suspend fun <T> with(
        language: Language,
        block: suspend (MobileId) -> T,
    ): T {
        enter()
        var wallet: Opened? = null
        try {
            val id = open(language, insists = true) { wallet = it.apply { errands.incrementAndGet() } }
            return withContext(work) { block(id) }
        } finally {
            wallet?.errands?.decrementAndGet()
            leave()
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
        get() = isFree && besides.get() == 0

    /** Whether no errand runs. */
    internal val isFree: Boolean
        get() = synchronized(gate) { errands == 0 }

    /** The citizen looks elsewhere: the personal part is locked as soon as no errand needs it. */
    public fun away(): Unit =
        synchronized(gate) {
            isAway = true
            payLater()
        }

    /** The citizen is back. What is owed is paid all the same. */
    public fun back(): Unit = synchronized(gate) { isAway = false }

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

    /** Waits until no lock is owed. The next errand pays what could not be paid before, or fails as the lock does. */
    private suspend fun enter() {
        while (true) {
            val unpaid =
                synchronized(gate) {
                    if (owed != null && errands == 0) pay()
                    owed.also { if (it == null) errands += 1 }
                }
            unpaid?.await() ?: return
        }
    }

    private fun leave(): Unit =
        synchronized(gate) {
            errands -= 1
            // One that began while nobody looked.
            if (isAway || owed != null) payLater()
        }

    /** Owes a lock, and pays it at once where it can. Whoever leaves hears nothing of a lock that fails, and no result is lost by it. */
    private fun payLater() {
        if (owed == null) owed = CompletableDeferred()
        if (errands > 0) return
        try {
            pay()
        } catch (_: WalletException) {
            // Owed still.
        }
    }

    private fun pay() {
        try {
            opened?.let { lock(it.id) }
        } catch (_: WalletException.NotUsable) {
            // It was wiped: nothing is left to lock.
        } catch (_: IllegalStateException) {
            // It was closed, to be opened anew: locked.
        }
        owed?.complete(Unit)
        owed = null
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
