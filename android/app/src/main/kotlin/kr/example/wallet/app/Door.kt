package kr.example.wallet.app

import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withContext
import kr.example.wallet.MobileId
import kr.example.wallet.core.Language
import kr.example.wallet.core.Platform
import kr.example.wallet.core.WalletConfig
import kr.example.wallet.core.WalletException
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

    /** With prompts in [language]; opened again, locked, when the system's language has changed and no other errand runs. */
    private suspend fun open(language: Language): MobileId =
        withContext(work) {
            turn.withLock {
                opened?.let {
                    if (it.language == language || errands.get() > 1) return@withContext it.id
                    it.id.close()
                    opened = null
                }
                val config = config(language)
                val platform = platform()
                MobileId.open(platform, config).also { opened = Opened(language, platform, it) }
            }
        }

    /** Runs [block] with the wallet, away from the screen's thread; the wallet is not locked meanwhile. */
    public suspend fun <T> with(
        language: Language,
        block: suspend (MobileId) -> T,
    ): T {
        errands.incrementAndGet()
        try {
            val id = open(language)
            return withContext(work) { block(id) }
        } finally {
            if (errands.decrementAndGet() == 0 && isAway) lock()
        }
    }

    /** Runs [block] with the wallet, locked or not: nothing waits for it. */
    public suspend fun <T> beside(
        language: Language,
        block: suspend (MobileId) -> T,
    ): T {
        besides.incrementAndGet()
        try {
            val id = open(language)
            return withContext(work) { block(id) }
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
    )
}
