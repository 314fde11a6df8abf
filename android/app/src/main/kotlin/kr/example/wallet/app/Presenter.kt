package kr.example.wallet.app

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch
import kr.example.wallet.MobileId
import kr.example.wallet.core.Language
import kr.example.wallet.core.WalletException

/** The wallet as presenters ask for it: the door, and the language the screens speak. */
internal class Wallets(
    private val door: Door,
    val language: Language,
    private val refreshAt: (Long) -> Unit,
) {
    suspend fun <T> ask(block: suspend (MobileId) -> T): T = door.with(language, block)

    /** As [ask], for what needs no unlocked wallet: it keeps none open either. */
    suspend fun <T> askBeside(block: suspend (MobileId) -> T): T = door.beside(language, block)

    /** The wallet is to be refreshed again [at] that second, whether the app is open or not. */
    fun refreshAgain(at: Long) = refreshAt(at)

    /** An ID has come: from now on it is kept fresh, though nobody opens the app again. */
    fun refreshFromNowOn() = refreshAt(door.seconds() + HOUR)

    /** The phone's clock, seconds since 1970 UTC. */
    fun seconds(): Long = door.seconds()

    private companion object {
        const val HOUR = 3600L
    }
}

/**
 * What a screen shows and what happens when it is touched. It knows no view: it outlives them when the phone is turned, and
 * ends with [scope]. Its methods are for the main thread; the state may change on any.
 */
internal abstract class Presenter<S>(
    private val scope: CoroutineScope,
    initial: S,
) {
    private val shown = MutableStateFlow(initial)
    private var errand: Job? = null
    private var givesWay = false

    val state: StateFlow<S> = shown.asStateFlow()

    /** The citizen has left the screen for good. */
    fun leave() {
        val last = errand
        if (last == null) left() else last.apply { invokeOnCompletion { left() } }.cancel()
    }

    /** Nothing runs any more: what is held can be wiped and closed. */
    protected open fun left() {}

    protected var now: S
        get() = shown.value
        set(next) {
            shown.value = next
        }

    /** Makes the next state of whatever is shown by then, where several threads do. */
    protected fun change(next: (S) -> S) = shown.update(next)

    protected val isBusy: Boolean
        get() = errand?.isActive == true

    /**
     * Runs one errand; another one is refused while it lasts. What goes wrong comes to [trouble]. After one that [givesWay], because
     * nobody asked for it, the next comes as soon as it has ended.
     */
    protected fun errand(
        trouble: (WalletException) -> Unit,
        givesWay: Boolean = false,
        block: suspend CoroutineScope.() -> Unit,
    ) {
        val before = errand?.takeIf(Job::isActive)
        if (before != null && !this.givesWay) return
        this.givesWay = givesWay
        errand =
            scope.launch {
                before?.join()
                try {
                    block()
                } catch (ended: CancellationException) {
                    throw ended
                } catch (_: NotSetUp) {
                    trouble(WalletException.Unavailable(NOT_SET_UP))
                } catch (failure: WalletException) {
                    trouble(failure)
                }
            }
    }

    /** Work beside the errand. */
    protected fun aside(block: suspend CoroutineScope.() -> Unit): Job = scope.launch(block = block)

    private companion object {
        /** The core's own code for a configuration that it cannot use. */
        const val NOT_SET_UP = -1008
    }
}
