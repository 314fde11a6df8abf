package kr.example.wallet.app

import kotlinx.coroutines.CoroutineScope
import kr.example.wallet.core.HistoryEntryView
import kr.example.wallet.core.WalletException

/** The history on the screen. */
internal sealed interface HistoryState {
    /** The wallet is opened. */
    data object Opening : HistoryState

    /** The newest lines, newest first. */
    data class Lines(
        val lines: List<HistoryEntryView>,
    ) : HistoryState

    /** It cannot be read. */
    data class Trouble(
        val trouble: WalletException,
    ) : HistoryState
}

/** What was done with the ID. */
internal class HistoryPresenter(
    scope: CoroutineScope,
    private val wallets: Wallets,
) : Presenter<HistoryState>(scope, HistoryState.Opening) {
    /** Reads it; a prompt when the wallet is locked. */
    fun begin() {
        errand({ now = HistoryState.Trouble(it) }) {
            now = HistoryState.Opening
            now =
                wallets.ask {
                    it.unlock()
                    HistoryState.Lines(it.history())
                }
        }
    }
}
