package kr.example.wallet.app

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.withTimeoutOrNull
import kr.example.wallet.EnrolmentEvent
import kr.example.wallet.core.CardAccessView
import kr.example.wallet.core.CardLink
import kr.example.wallet.core.CardTrouble
import kr.example.wallet.core.EnrolmentStage
import kr.example.wallet.core.PasswordKind
import kr.example.wallet.core.ReadingProgress
import kr.example.wallet.core.Refusal
import kr.example.wallet.core.WalletException

/** How far the reading of a card is. */
internal sealed interface TapState {
    /** Whether the phone shall keep the antenna: it looks for a card, or one may lie there still. */
    val wantsField: Boolean
        get() = this !is Digits && this !is Elsewhere

    /** The six digits are asked for; [wrong] when the card did not take the last ones, or they are not six digits. */
    data class Digits(
        val wrong: WalletException?,
    ) : TapState

    /** Waits for a card; [lost] when it was taken away too early, with how far the reading had come where it goes on from there. */
    data class Hold(
        val lost: WalletException?,
        val readSoFar: Int? = null,
    ) : TapState

    /** The card is being read. */
    data class Reading(
        val percent: Int,
    ) : TapState

    /** The card is read, the issuer is asked. */
    data class Working(
        val stage: EnrolmentStage,
    ) : TapState

    /** The ID is on another phone: the citizen is asked whether it shall move to this one. */
    data class Elsewhere(
        val refusal: WalletException,
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
    private var moving = false

    /** Where the reading waits for its card, and closes what it did not take. */
    @Volatile private var again: Channel<CardLink>? = null

    /** The citizen typed [typed], which is wiped; the wallet is unlocked before the card is needed. */
    fun digits(typed: ByteArray) {
        if (isBusy) {
            // Pressed twice: the prompt is up.
            typed.fill(0)
            return
        }
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
        if (again?.trySend(link)?.isSuccess == true) return
        if (now !is TapState.Hold || isBusy) {
            link.letGo()
            return
        }
        errand(::trouble) {
            var held = link
            try {
                now = TapState.Reading(0)
                wallets.ask { id ->
                    // Whoever left and came back has to open it again.
                    id.unlock()
                    val access = CardAccessView.Can(digits.copyOf())
                    id
                        .enrolling(access, moving) { lost ->
                            if (lost != null) {
                                held.letGo()
                                waitForCard(lost) { held = it }
                            }
                            held
                        }.collect(::heard)
                }
            } finally {
                held.letGo()
            }
        }
    }

    /** The ID shall move to this phone: the card is needed once more. */
    fun move() {
        if (now !is TapState.Elsewhere) return
        moving = true
        now = TapState.Hold(null)
    }

    /** Something came near that is no chip card. */
    fun noCard() {
        (now as? TapState.Hold)?.let { now = it.copy(lost = WalletException.CardUnreadable(CardTrouble.UNSUPPORTED)) }
    }

    /** From the start, after trouble. */
    fun again() {
        wipe()
        moving = false
        now = TapState.Digits(null)
    }

    override fun left() = wipe()

    /**
     * The card was taken away: the reading waits for it, and goes on where it was. Not for ever: the wallet is not locked while it
     * waits, wherever the citizen looks.
     */
    private suspend fun waitForCard(
        lost: WalletException,
        take: (CardLink) -> Unit,
    ) {
        val cards = Channel<CardLink>(1, onUndeliveredElement = { it.letGo() })
        again = cards
        change { TapState.Hold(lost, it.percent) }
        try {
            withTimeoutOrNull(PATIENCE) {
                take(cards.receive())
                true
            } ?: throw lost
            change { TapState.Reading(it.percent ?: 0) }
        } finally {
            again = null
            cards.cancel()
        }
    }

    private fun heard(event: EnrolmentEvent) {
        when (event) {
            is EnrolmentEvent.Reading -> read(percent(event.progress))
            is EnrolmentEvent.Stage -> now = TapState.Working(event.stage)
            is EnrolmentEvent.Done -> now = TapState.Done.also { finished() }
        }
    }

    /** The last progress before the card left may be heard after that. */
    private fun read(percent: Int) =
        change {
            val most = maxOf(percent, it.percent ?: 0)
            if (it is TapState.Hold) it.copy(readSoFar = most.takeIf { some -> some > 0 }) else TapState.Reading(most)
        }

    /** How far the reading is; nothing before there is something to go on with. */
    private val TapState.percent: Int?
        get() = (this as? TapState.Reading)?.percent?.takeIf { it > 0 } ?: (this as? TapState.Hold)?.readSoFar

    private fun finished() {
        wipe()
        wallets.refreshFromNowOn()
    }

    private fun trouble(trouble: WalletException) {
        now =
            when {
                trouble is WalletException.WrongPassword -> TapState.Digits(trouble).also { wipe() }
                trouble is WalletException.IssuerRefused && trouble.why == Refusal.ANOTHER_PHONE -> TapState.Elsewhere(trouble)
                else -> TapState.Trouble(trouble).also { wipe() }
            }
    }

    private fun CardLink.letGo() {
        (this as? AutoCloseable)?.close()
    }

    private fun wipe() = digits.fill(0)

    companion object {
        private const val DIGITS = 6
        private const val PATIENCE = 120_000L

        /** Of the whole card; the proofs at its end leave the last one. */
        internal fun percent(progress: ReadingProgress): Int =
            (progress.cardBytesRead.toLong() * LAST_PERCENT / progress.cardBytesTotal.toLong().coerceAtLeast(1)).toInt()

        private const val LAST_PERCENT = 99
    }
}
