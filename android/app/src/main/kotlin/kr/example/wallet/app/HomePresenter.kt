package kr.example.wallet.app

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.delay
import kr.example.wallet.MobileId
import kr.example.wallet.core.CardState
import kr.example.wallet.core.CardView
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

    /** There is a card; the citizen must unlock to see it. [trouble] tells why the last attempt failed. */
    data class Locked(
        val unfinished: Boolean,
        val trouble: WalletException?,
    ) : HomeState

    /** The card, masked unless [seconds] are left of the detail view. */
    data class Card(
        val card: CardView,
        val unfinished: Boolean,
        val seconds: Int?,
    ) : HomeState {
        val isMasked: Boolean
            get() = seconds == null
    }
}

/** Opening, unlocking, and the card with its personal fields masked. */
internal class HomePresenter(
    scope: CoroutineScope,
    private val wallets: Wallets,
) : Presenter<HomeState>(scope, HomeState.Opening) {
    private var countdown: Job? = null

    /** Looks again at what there is: after the screen comes back, whatever happened elsewhere. */
    fun look() {
        errand(::broken) {
            try {
                now = wallets.ask { seen(it) }
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
            now =
                wallets.ask {
                    it.unlock()
                    seen(it)
                }
            refresh()
        }
    }

    /** Shows what is masked for [DETAIL_SECONDS], after the citizen has proven to be there: the wallet is locked and opened again. */
    fun reveal() {
        if ((now as? HomeState.Card)?.isMasked != true) return
        errand(::refused) {
            val seen =
                wallets.ask {
                    it.lock()
                    it.unlock()
                    seen(it)
                }
            now = seen
            if (seen is HomeState.Card) countDown(seen)
        }
    }

    /** Masks again, at once. */
    fun mask() {
        countdown?.cancel()
        (now as? HomeState.Card)?.let { now = it.copy(seconds = null) }
    }

    /** The keys died; the citizen has said that the ID may go. */
    fun startOver() {
        errand(::refused) {
            now =
                wallets.ask {
                    it.startOver()
                    seen(it)
                }
        }
    }

    /** Forgets an issuance that was cut short. */
    fun giveUpUnfinished() {
        errand(::refused) {
            now =
                wallets.ask {
                    it.abandonIssuance()
                    seen(it)
                }
        }
    }

    private fun countDown(card: HomeState.Card) {
        countdown?.cancel()
        countdown =
            aside {
                for (left in DETAIL_SECONDS downTo 1) {
                    now = card.copy(seconds = left)
                    delay(SECOND)
                }
                mask()
            }
    }

    private suspend fun seen(id: MobileId): HomeState =
        when (id.state()) {
            WalletState.EMPTY -> HomeState.Welcome(isUnfinished(id))
            WalletState.LOCKED -> HomeState.Locked(isUnfinished(id), null)
            WalletState.LOCKED_BY_COMMAND -> HomeState.Locked(isUnfinished(id), whyLocked(id))
            WalletState.WIPED -> HomeState.Locked(false, WalletException.NotUsable(Unusable.Wiped))
            WalletState.READY -> card(id)
        }

    private fun card(id: MobileId): HomeState {
        val cards = id.cards()
        val card = cards.lastOrNull { it.state == CardState.ACTIVE } ?: cards.lastOrNull()
        return if (card == null) HomeState.Welcome(isUnfinished(id)) else HomeState.Card(card, isUnfinished(id), null)
    }

    private fun isUnfinished(id: MobileId) = id.unfinishedIssuance() == UnfinishedIssuance.WAITING

    /** The core says it, without a prompt, to whoever tries. */
    private suspend fun whyLocked(id: MobileId): WalletException? =
        try {
            id.unlock()
            null
        } catch (refused: WalletException.NotUsable) {
            refused
        }

    /** Proofs of freshness for counters without a network, each hour; no network is no trouble here. */
    private fun refresh() {
        if (now is HomeState.Welcome) return
        aside {
            try {
                wallets.askBeside { it.refreshStaples() }
            } catch (_: WalletException) {
                // They are fetched at the next look; until then the counter says what it lacks.
            }
        }
    }

    private fun broken(trouble: WalletException) {
        now = HomeState.Broken(trouble)
    }

    private fun refused(trouble: WalletException) {
        now = HomeState.Locked((now as? HomeState.Locked)?.unfinished ?: false, trouble)
    }

    companion object {
        /** How long the detail view lasts. */
        const val DETAIL_SECONDS = 30
        private const val SECOND = 1000L
    }
}
