package kr.example.wallet.app

import kotlinx.coroutines.CoroutineScope
import kr.example.wallet.core.Scan
import kr.example.wallet.core.WalletException

/** What became of a scanned code. */
internal sealed interface ScanState {
    /** Looks for one; [trouble] says why the last one was none. */
    data class Looking(
        val trouble: WalletException?,
    ) : ScanState

    /** An offer of an ID. */
    data class Offer(
        val link: String,
    ) : ScanState

    /** The sign of a registered desk, as [text]. */
    data class Desk(
        val text: String,
    ) : ScanState
}

/** The one door for every code: scanned, typed, or tapped in a page. */
internal class ScanPresenter(
    scope: CoroutineScope,
    private val wallets: Wallets,
) : Presenter<ScanState>(scope, ScanState.Looking(null)) {
    /** A code was seen. */
    fun seen(text: String) {
        if (now !is ScanState.Looking) return
        errand({ now = ScanState.Looking(it) }) {
            now =
                when (val scan = wallets.ask { it.scan(text) }) {
                    is Scan.Offer -> {
                        ScanState.Offer(scan.link)
                    }

                    is Scan.DeskSign -> {
                        scan.sign.close()
                        ScanState.Desk(text)
                    }
                }
        }
    }
}
