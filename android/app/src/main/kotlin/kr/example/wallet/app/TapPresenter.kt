package kr.example.wallet.app

import kotlinx.coroutines.CoroutineScope
import kr.example.wallet.EnrolmentEvent
import kr.example.wallet.core.CardLink
import kr.example.wallet.core.CardTrouble
import kr.example.wallet.core.EnrolmentStage
import kr.example.wallet.core.PasswordKind
import kr.example.wallet.core.ReadingProgress
import kr.example.wallet.core.WalletException

/** How far the reading of a card is. */
internal sealed interface TapState {
    /** Whether the phone shall keep the antenna: it looks for a card, or one may lie there still. */
    val wantsField: Boolean
        get() = this !is Digits

    /** The six digits are asked for; [wrong] when the card did not take the last ones, or they are not six digits. */
    data class Digits(
        val wrong: WalletException?,
    ) : TapState

    /** Waits for a card; [lost] when it was taken away too early. */
    data class Hold(
        val lost: WalletException?,
    ) : TapState

    /** The card is being read. */
    data class Reading(
        val percent: Int,
    ) : TapState

    /** The card is read, the issuer is asked. */
    data class Working(
        val stage: EnrolmentStage,
    ) : TapState

    /** The ID is in the wallet. */
    data object Done : TapState

    /** It ended without an ID. */
    data class Trouble(
        val trouble: WalletException,
    ) : TapState
}

/** An enrolment by the card: digits, tap, face, keys. */
internal class TapPresenter(
    scope: CoroutineScope,
    private val wallets: Wallets,
) : Presenter<TapState>(scope, TapState.Digits(null)) {
    private var digits = ByteArray(0)

    /** The citizen typed [typed], which is wiped; the wallet is unlocked before the card is needed. */
    fun digits(typed: ByteArray) {
        if (typed.size != DIGITS) {
            typed.fill(0)
            now = TapState.Digits(WalletException.WrongPassword(PasswordKind.CAN, null))
            return
        }
        wipe()
        digits = typed
        errand(::trouble) {
            wallets.ask { it.unlock() }
            now = TapState.Hold(null)
        }
    }

    /** A card came near; its link is closed when it is done with. */
    fun tapped(link: CardLink) {
        if (now !is TapState.Hold || isBusy) {
            (link as? AutoCloseable)?.close()
            return
        }
        errand(::trouble) {
            try {
                now = TapState.Reading(0)
                wallets.ask { id -> id.enrolling(link, digits.copyOf()).collect(::heard) }
            } finally {
                (link as? AutoCloseable)?.close()
            }
        }
    }

    /** Something came near that is no chip card. */
    fun noCard() {
        if (now is TapState.Hold) now = TapState.Hold(WalletException.CardUnreadable(CardTrouble.UNSUPPORTED))
    }

    /** From the start, after trouble. */
    fun again() {
        wipe()
        now = TapState.Digits(null)
    }

    override fun left() = wipe()

    private fun heard(event: EnrolmentEvent) {
        now =
            when (event) {
                is EnrolmentEvent.Reading -> TapState.Reading(maxOf(percent(event.progress), (now as? TapState.Reading)?.percent ?: 0))
                is EnrolmentEvent.Stage -> TapState.Working(event.stage)
                is EnrolmentEvent.Done -> TapState.Done.also { wipe() }
            }
    }

    private fun trouble(trouble: WalletException) {
        now =
            when (trouble) {
                is WalletException.CardLost -> TapState.Hold(trouble)
                is WalletException.WrongPassword -> TapState.Digits(trouble).also { wipe() }
                else -> TapState.Trouble(trouble).also { wipe() }
            }
    }

    private fun wipe() = digits.fill(0)

    companion object {
        private const val DIGITS = 6

        /** Of the whole card; the proofs at its end leave the last one. */
        internal fun percent(progress: ReadingProgress): Int =
            (progress.cardBytesRead.toLong() * LAST_PERCENT / progress.cardBytesTotal.toLong().coerceAtLeast(1)).toInt()

        private const val LAST_PERCENT = 99
    }
}
