package kr.example.wallet.app

import kotlinx.coroutines.CoroutineScope
import kr.example.wallet.MobileId
import kr.example.wallet.core.CardOffer
import kr.example.wallet.core.EnrolmentStage
import kr.example.wallet.core.Issued
import kr.example.wallet.core.OfferView
import kr.example.wallet.core.Refusal
import kr.example.wallet.core.WalletException

/** What is to be done with an issuer that is reached without the card. */
internal sealed interface Errand {
    /** Take the offer that was scanned. */
    data class Take(
        val link: String,
    ) : Errand

    /** Go on after the browser came back with [url]. */
    data class ComeBack(
        val url: String,
    ) : Errand

    /** Go on with what was cut short. */
    data object Resume : Errand

    /** Fetch fresh copies of a [document]; of the first when none is named. */
    data class Renew(
        val document: String?,
    ) : Errand
}

/** How far an issuance without the card is. */
internal sealed interface IssuingState {
    /** The issuer is asked; a [stage] once one has begun. */
    data class Working(
        val stage: EnrolmentStage?,
    ) : IssuingState

    /** The citizen is asked; [wrong] when the digits were not the right ones. */
    data class Consent(
        val offer: OfferView,
        val wrong: WalletException?,
    ) : IssuingState

    /** The browser has to be opened at [url]. */
    data class SignIn(
        val url: String,
    ) : IssuingState

    /** The issuer wants to be asked again after these minutes. */
    data class Later(
        val minutes: Int,
    ) : IssuingState

    /** The card is in the wallet. */
    data object Done : IssuingState

    /** It ended without a card. */
    data class Trouble(
        val trouble: WalletException,
    ) : IssuingState
}

/** An offer with its consent, an issuance that goes on, a renewal. */
internal class IssuingPresenter(
    scope: CoroutineScope,
    private val wallets: Wallets,
    val errand: Errand,
) : Presenter<IssuingState>(scope, IssuingState.Working(null)) {
    private var offer: CardOffer? = null

    /** Whether the citizen said yes: what is left of it after the process died is unfinished, and asked about no more. */
    var isAccepted = false
        private set

    /** Begins; once. */
    fun begin() {
        errand(::trouble) {
            when (errand) {
                is Errand.Take -> look(errand.link, null)
                is Errand.ComeBack -> came(ask { it.continueWith(errand.url, ::stage) })
                is Errand.Resume -> came(ask { it.resumeIssuance(::stage) })
                is Errand.Renew -> came(ask { errand.document?.let { name -> it.renewDocument(name, ::stage) } ?: it.renewCard(::stage) })
            }
        }
    }

    /** The citizen says yes, with the digits where the issuer asks for some; they are wiped. */
    fun accept(digits: ByteArray?) {
        val taken = offer ?: return
        val link = (errand as? Errand.Take)?.link ?: return
        errand(::trouble) {
            try {
                isAccepted = true
                now = IssuingState.Working(null)
                came(ask { it.accept(taken, digits, ::stage) })
            } catch (wrong: WalletException) {
                if (!wrong.asksForDigitsAgain()) throw wrong
                // An offer can be accepted once only: it is looked up again for the next try.
                look(link, wrong)
            }
        }
    }

    override fun left() = close()

    private suspend fun look(
        link: String,
        wrong: WalletException?,
    ) {
        close()
        isAccepted = false
        // Kept at once: whoever leaves at this moment leaves it to be closed.
        val view = ask { id -> id.openOffer(link).also { offer = it }.view() }
        now = IssuingState.Consent(view, wrong)
    }

    private suspend fun <T> ask(block: suspend (MobileId) -> T): T =
        wallets.ask {
            it.unlock()
            block(it)
        }

    private fun stage(stage: EnrolmentStage) {
        now = IssuingState.Working(stage)
    }

    private fun came(issued: Issued) {
        now =
            when (issued) {
                is Issued.Card -> IssuingState.Done.also { wallets.refreshFromNowOn() }
                is Issued.SignIn -> IssuingState.SignIn(issued.url)
                is Issued.Later -> IssuingState.Later(minutes(issued.seconds.toLong()))
            }
    }

    private fun trouble(trouble: WalletException) {
        now = IssuingState.Trouble(trouble)
    }

    private fun close() {
        offer?.close()
        offer = null
    }

    private fun WalletException.asksForDigitsAgain() =
        this is WalletException.WrongPassword || (this is WalletException.IssuerRefused && why == Refusal.CODE_NOT_ACCEPTED)

    companion object {
        private const val MINUTE = 60

        private fun minutes(seconds: Long) = ((seconds + MINUTE - 1) / MINUTE).coerceIn(1, Int.MAX_VALUE.toLong()).toInt()
    }
}
