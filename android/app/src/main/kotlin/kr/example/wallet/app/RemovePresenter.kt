package kr.example.wallet.app

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.withContext
import kr.example.wallet.core.WalletException

/** How far the ID is removed. */
internal sealed interface RemoveState {
    /** Which way it shall go; [trouble] when the last attempt came to nothing. */
    data class Choice(
        val trouble: WalletException?,
    ) : RemoveState

    /** The prompt is up, or it is being done. */
    data object Working : RemoveState

    /** Nothing is left. */
    data object Done : RemoveState
}

/** Giving this phone up towards the issuer, or only wiping it. */
internal class RemovePresenter(
    scope: CoroutineScope,
    private val wallets: Wallets,
) : Presenter<RemoveState>(scope, RemoveState.Choice(null)) {
    /** The issuer is told: the citizen can have the ID on another phone. */
    fun giveUp() =
        remove {
            wallets.ask { it.giveUpPhone() }
        }

    /** Works without a network; the issuer still counts this phone as the citizen's. */
    fun wipe() =
        remove {
            wallets.ask { it.wipe() }
        }

    private fun remove(how: suspend () -> Unit) {
        errand({ now = RemoveState.Choice(it) }) {
            now = RemoveState.Working
            // Half done it is worse than either end: whoever closes the app meanwhile ends nothing.
            withContext(NonCancellable) { how() }
            now = RemoveState.Done
        }
    }
}
