package kr.example.wallet.app

import kotlinx.coroutines.CoroutineScope
import kr.example.wallet.MobileId
import kr.example.wallet.canBeShown
import kr.example.wallet.core.CardView
import kr.example.wallet.core.CopiesLeft
import kr.example.wallet.core.CounterShow
import kr.example.wallet.core.DeskSign
import kr.example.wallet.core.Disclosure
import kr.example.wallet.core.FrameView
import kr.example.wallet.core.IfStale
import kr.example.wallet.core.Scan
import kr.example.wallet.core.WalletException

/** What the citizen sees of a show. */
internal sealed interface ShowState {
    /** The wallet is opened. */
    data object Opening : ShowState

    /** How much of which [document] shall be shown, and to whom; [trouble] when the last attempt came to nothing. */
    data class Choice(
        val document: String,
        val copies: List<CopiesLeft>,
        val chosen: Disclosure,
        val desk: String?,
        val trouble: WalletException?,
    ) : ShowState

    /** The prompt is up. */
    data class Asking(
        val choice: Choice,
    ) : ShowState

    /** The code of this second. */
    data class Code(
        val frame: FrameView,
        val disclosure: Disclosure,
        val desk: String?,
        val secondsLeft: Int,
    ) : ShowState

    /** The show has ended. */
    data object Ended : ShowState

    /** There is nothing to show. */
    data class Trouble(
        val trouble: WalletException,
    ) : ShowState
}

/** One show at a counter; [sign] is the text of a desk's sign that was scanned before. */
internal class ShowPresenter(
    scope: CoroutineScope,
    private val wallets: Wallets,
    private val sign: String?,
) : Presenter<ShowState>(scope, ShowState.Opening) {
    private var cardId = ""
    private var desk: DeskSign? = null

    /** Looks up the copies that are left, and the desk. */
    fun begin() {
        errand(::unshowable) {
            now = ShowState.Opening
            val card =
                wallets.ask { id ->
                    id.unlock()
                    desk?.close()
                    desk = sign?.let { (id.scan(it) as? Scan.DeskSign ?: throw WalletException.NotForThisWallet()).sign }
                    id.cards().shown() ?: throw WalletException.CardNotFound()
                }
            cardId = card.id
            now = ShowState.Choice(card.document, card.copies, Disclosure.entries.first(), desk?.name(wallets.language), null)
        }
    }

    /** The citizen picks a level. */
    fun choose(disclosure: Disclosure) {
        (now as? ShowState.Choice)?.let { now = it.copy(chosen = disclosure, trouble = null) }
    }

    /** One prompt, then codes until the show ends. A proof too old for counters is told before the prompt, unless [ifStale] says so. */
    fun show(ifStale: IfStale = IfStale.REFUSE) = show(ifStale) {}

    /** Fetches fresh proofs, then shows. Where none come the show itself says how old they are. */
    fun freshen() =
        show(IfStale.REFUSE) {
            try {
                it.refreshStaples()
            } catch (_: WalletException) {
                // Shown as it is, if the citizen says so.
            }
        }

    override fun left() {
        desk?.close()
        desk = null
    }

    private fun show(
        ifStale: IfStale,
        before: suspend (MobileId) -> Unit,
    ) {
        val choice = now as? ShowState.Choice ?: return
        errand({ now = choice.copy(trouble = it) }) {
            now = ShowState.Asking(choice)
            var show: CounterShow? = null
            try {
                wallets.ask {
                    before(it)
                    // Whoever left and came back has to open it again.
                    it.unlock()
                    show = it.show(cardId, choice.chosen, desk, ifStale)
                }
                show?.let { run(it, choice) }
            } finally {
                show?.close()
            }
            now = ShowState.Ended
        }
    }

    // Its codes come from memory: the wallet may be locked meanwhile.
    private suspend fun run(
        show: CounterShow,
        choice: ShowState.Choice,
    ) {
        wallets.ask { it }.frames(show).collect { frame ->
            val left = (show.endsAt() - wallets.seconds()).coerceAtLeast(0).toInt()
            now = ShowState.Code(frame, choice.chosen, choice.desk, left)
        }
    }

    private fun unshowable(trouble: WalletException) {
        now = ShowState.Trouble(trouble)
    }
}

/** The card that counters know, a good one before others. */
internal fun List<CardView>.shown(): CardView? {
    val known = filter { it.copies.isNotEmpty() }
    return known.lastOrNull { it.canBeShown } ?: known.lastOrNull()
}
