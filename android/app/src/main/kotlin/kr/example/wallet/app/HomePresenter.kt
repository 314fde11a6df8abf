package kr.example.wallet.app

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.delay
import kr.example.wallet.MobileId
import kr.example.wallet.core.CardClaim
import kr.example.wallet.core.CardView
import kr.example.wallet.core.Renewed
import kr.example.wallet.core.UnfinishedIssuance
import kr.example.wallet.core.Unusable
import kr.example.wallet.core.WalletException
import kr.example.wallet.core.WalletState

/** What the first screen shows. */
internal sealed interface HomeState {
    /** The wallet opens. */
    data object Opening : HomeState

    /** No issuer is named in this build; [hint] is for its developer. */
    data class NotSetUp(
        val hint: String?,
    ) : HomeState

    /** The wallet cannot be opened. */
    data class Broken(
        val trouble: WalletException,
    ) : HomeState

    /** No card yet. */
    data class Welcome(
        val unfinished: Boolean,
    ) : HomeState

    /** There is a card; the citizen must unlock to see it, or start over where it [isDead]. [trouble] tells why the last attempt failed. */
    data class Locked(
        val unfinished: Boolean,
        val trouble: WalletException?,
        val isDead: Boolean = trouble.endsTheId(),
    ) : HomeState

    /** One of the documents, masked unless [seconds] are left of the detail view, and the others by their names. */
    data class Card(
        val document: Held,
        val others: List<Held>,
        val unfinished: Boolean,
        val seconds: Int?,
        val renewed: Renewed?,
    ) : HomeState {
        val isMasked: Boolean
            get() = seconds == null
    }
}

/** Nothing but starting over is left. */
private fun WalletException?.endsTheId() =
    this is WalletException.KeyInvalidated || (this is WalletException.NotUsable && why is Unusable.Wiped)

/** A document in the wallet: what it is called, and what it says beside what every card has. */
internal data class Held(
    val card: CardView,
    val name: String,
    val claims: List<CardClaim>,
)

/** Opening, unlocking, and the card with its personal fields masked. */
internal class HomePresenter(
    scope: CoroutineScope,
    private val wallets: Wallets,
) : Presenter<HomeState>(scope, HomeState.Opening) {
    private var countdown: Job? = null
    private var refreshing: Job? = null
    private var chosen: String? = null
    private var renewed: Renewed? = null

    /** Whether an issuance waited when last looked. */
    @Volatile
    private var waits = false
    private var isCovered = false

    /** How often another screen, or another app, came before this one. */
    private var covers = 0

    /** Looks again at what there is: after the screen comes back, whatever happened elsewhere. */
    fun look() {
        isCovered = false
        errand(::broken, givesWay = true) {
            try {
                show(see {})
            } catch (missing: NotSetUp) {
                now = HomeState.NotSetUp(missing.hint)
                return@errand
            }
            refresh()
        }
    }

    /** One prompt, then the card. */
    fun unlock() {
        errand(::refused) {
            show(see { it.unlock() })
            refresh()
        }
    }

    /** Shows what is masked for [DETAIL_SECONDS], after the citizen has proven to be there: the wallet is locked and opened again. */
    fun reveal() {
        if ((now as? HomeState.Card)?.isMasked != true) return
        errand(::refused) {
            val before = covers
            show(
                see {
                    it.lock()
                    it.unlock()
                },
            )
            // Not over whatever came before this screen meanwhile, nor over a wallet that was locked by it.
            if (covers == before && now is HomeState.Card) countDown()
        }
    }

    /** Another of the documents. */
    fun choose(card: String) {
        chosen = card
        mask()
        errand(::refused) { show(see {}) }
    }

    /** Another screen is in front: what it changes must not be seen here as it was before. */
    fun cover() {
        isCovered = true
        covers += 1
        mask()
        show(now)
    }

    /** What waited before another screen came may be settled by now: the question comes back with the next look. */
    private fun show(state: HomeState) {
        now =
            when {
                !isCovered -> state
                state is HomeState.Welcome -> state.copy(unfinished = false)
                state is HomeState.Locked -> state.copy(unfinished = false)
                state is HomeState.Card -> state.copy(unfinished = false)
                else -> state
            }
    }

    /** Masks again, at once. */
    fun mask() {
        countdown?.cancel()
        (now as? HomeState.Card)?.let { now = it.copy(seconds = null) }
    }

    /** The keys died; the citizen has said that the ID may go. */
    fun startOver() {
        errand({ now = HomeState.Locked(false, it, isDead = true) }) {
            show(see { it.startOver() })
        }
    }

    /** Forgets an issuance that was cut short. */
    fun giveUpUnfinished() {
        // Whatever keeps it from being forgotten locks nothing.
        errand(::broken) {
            show(see { it.abandonIssuance() })
        }
    }

    private fun countDown() {
        countdown?.cancel()
        countdown =
            aside {
                for (left in DETAIL_SECONDS downTo 1) {
                    // Whatever is shown by now: what the first second saw may be locked, or renewed.
                    val card = now as? HomeState.Card ?: return@aside
                    now = card.copy(seconds = left)
                    delay(SECOND)
                }
                mask()
            }
    }

    /** Does [what], then looks; again when the screen was covered meanwhile, for the wallet may have been locked since. */
    private suspend fun see(what: suspend (MobileId) -> Unit): HomeState {
        var before = covers
        var state =
            wallets.ask {
                what(it)
                seen(it)
            }
        while (covers != before) {
            before = covers
            state = wallets.ask { seen(it) }
        }
        return state
    }

    private fun seen(id: MobileId): HomeState =
        when (id.state()) {
            WalletState.EMPTY -> HomeState.Welcome(isUnfinished(id))
            WalletState.LOCKED -> HomeState.Locked(isUnfinished(id), null)
            WalletState.LOCKED_BY_COMMAND -> HomeState.Locked(false, whyLocked(id))
            WalletState.WIPED -> HomeState.Locked(false, WalletException.NotUsable(Unusable.Wiped))
            WalletState.READY -> card(id)
        }

    private fun card(id: MobileId): HomeState {
        val cards = id.cards()
        val card =
            cards.find { it.id == chosen } ?: cards.shown() ?: cards.lastOrNull() ?: return HomeState.Welcome(isUnfinished(id))
        val (documents, others) =
            cards.map { Held(it, id.documentName(it.document), id.claims(it.id)) }.partition { it.card.id == card.id }
        return HomeState.Card(documents.single(), others, isUnfinished(id), null, renewed)
    }

    private fun isUnfinished(id: MobileId) = (id.unfinishedIssuance() == UnfinishedIssuance.WAITING).also { waits = it }

    private fun whyLocked(id: MobileId): WalletException? = id.lockedFor()?.let { WalletException.NotUsable(Unusable.LockedByCommand(it)) }

    /** What the issuer says of the card, proofs of freshness, fresh copies; no network is no trouble here. */
    private fun refresh() {
        if (now is HomeState.Welcome) return
        val before = covers
        // One after the other: what a locked wallet left to the next is not begun by two at once.
        val earlier = refreshing
        refreshing =
            aside {
                earlier?.join()
                refresh(before)
            }
    }

    private suspend fun refresh(before: Int) {
        try {
            val (done, seen) = wallets.askBeside { id -> id.refresh() to seen(id) }
            renewed = done.renewed
            wallets.refreshAgain(done.nextAt)
            // Unless the citizen is in the middle of something that the screen shows.
            val isFree = !isBusy && !isCovered && covers == before
            if (isFree && (now as? HomeState.Card)?.isMasked != false && seen != now) now = told(seen)
        } catch (_: WalletException) {
            // It is tried again at the next look; until then the counter says what it lacks.
        }
    }

    /** With why the last attempt failed, where the wallet is locked still. */
    private fun told(seen: HomeState): HomeState {
        // A command's lock that is lifted is none any more.
        val before = (now as? HomeState.Locked)?.takeIf { it.trouble !is WalletException.NotUsable }
        return when {
            seen is HomeState.Locked && seen.trouble == null && before != null -> {
                seen.copy(trouble = before.trouble, isDead = before.isDead)
            }

            seen is HomeState.Card -> {
                seen.copy(renewed = renewed)
            }

            else -> {
                seen
            }
        }
    }

    private fun broken(trouble: WalletException) {
        now = HomeState.Broken(trouble)
    }

    private fun refused(trouble: WalletException) {
        val unusable = trouble is WalletException.NotUsable
        now = HomeState.Locked(!unusable && waits, trouble)
    }

    companion object {
        /** How long the detail view lasts. */
        const val DETAIL_SECONDS = 30
        private const val SECOND = 1000L
    }
}
