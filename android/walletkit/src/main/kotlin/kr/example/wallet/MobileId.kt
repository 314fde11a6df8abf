package kr.example.wallet

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.channels.ProducerScope
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.delay
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.buffer
import kotlinx.coroutines.flow.channelFlow
import kotlinx.coroutines.flow.flow
import kr.example.wallet.core.CardAccessView
import kr.example.wallet.core.CardClaim
import kr.example.wallet.core.CardLink
import kr.example.wallet.core.CardOffer
import kr.example.wallet.core.CardReading
import kr.example.wallet.core.CardTerms
import kr.example.wallet.core.CardTrouble
import kr.example.wallet.core.CardView
import kr.example.wallet.core.ChipEvidence
import kr.example.wallet.core.CommandOp
import kr.example.wallet.core.CommandReason
import kr.example.wallet.core.CommandsHeard
import kr.example.wallet.core.CounterShow
import kr.example.wallet.core.DeskSign
import kr.example.wallet.core.Disclosure
import kr.example.wallet.core.EnrolmentListener
import kr.example.wallet.core.EnrolmentStage
import kr.example.wallet.core.FrameView
import kr.example.wallet.core.HistoryEntryView
import kr.example.wallet.core.IfStale
import kr.example.wallet.core.Issued
import kr.example.wallet.core.Platform
import kr.example.wallet.core.ReadingListener
import kr.example.wallet.core.ReadingProgress
import kr.example.wallet.core.Refreshed
import kr.example.wallet.core.Refusal
import kr.example.wallet.core.Scan
import kr.example.wallet.core.UnfinishedIssuance
import kr.example.wallet.core.UnlockWith
import kr.example.wallet.core.Unusable
import kr.example.wallet.core.Wallet
import kr.example.wallet.core.WalletConfig
import kr.example.wallet.core.WalletException
import kr.example.wallet.core.WalletState
import kr.example.wallet.core.uniffiEnsureInitialized

/**
 * The citizen's wallet on this phone, for coroutines. Every call fails with a [WalletException] and nothing else; its words
 * for the citizen are [WalletException.text]. Calls may come from any thread. Close it when the app lets the wallet go.
 */
public class MobileId private constructor(
    private val wallet: Wallet,
    private val platform: Platform,
) : AutoCloseable {
    /** Empty, locked, ready, locked by a command, or wiped. Works while locked. */
    public fun state(): WalletState = walletCall { wallet.state() }

    /** Why a command locks the wallet; none when none does. */
    public fun lockedFor(): CommandReason? = walletCall { wallet.lockedFor() }

    /** Unlocks after one prompt; none when it is unlocked already. */
    public suspend fun unlock(): Unit = walletCall { wallet.unlock(UnlockWith.BIOMETRICS) }

    /** The way on after [WalletException.KeyInvalidated] and after a wipe: throws away what nobody can read any more. */
    public suspend fun startOver(): Unit = walletCall { wallet.startOver() }

    /** Locks the personal part. */
    public fun lock(): Unit = walletCall { wallet.lock() }

    /** The cards, oldest first. */
    public fun cards(): List<CardView> = walletCall { wallet.cards() }

    /** The newest [limit] lines of the history, newest first. */
    public fun history(limit: Int = 100): List<HistoryEntryView> = walletCall { wallet.history(limit.toUInt()) }

    /** Says what a scanned code is. */
    public fun scan(text: String): Scan = walletCall { wallet.scan(text) }

    /** What a document is called, by the `document` of its card. Works while locked. */
    public fun documentName(document: String): String = walletCall { wallet.documentName(document) }

    /** What a document says beside what every card has, in words of its issuer. */
    public fun claims(cardId: String): List<CardClaim> = walletCall { wallet.cardClaims(cardId) }

    /**
     * Everything the wallet does in the background: obeys commands, asks how the issuer sees the card, fetches this hour's proofs
     * of freshness, and fresh copies before the old ones end. No prompt; works while locked, but for the copies.
     * [Refreshed.nextAt] says when to call it again.
     */
    public suspend fun refresh(): Refreshed = walletCall { wallet.refresh() }

    /** Fetches this hour's proofs of freshness, without a prompt; gives back how many are new. */
    public suspend fun refreshStaples(): Int = walletCall { wallet.refreshStaples() }.toInt()

    /** Asks the issuer once for commands, waiting at most [seconds] (25) for one, and obeys them. No prompt; works while locked. */
    public suspend fun receiveCommands(seconds: Int = 0): CommandsHeard = walletCall { wallet.receiveCommands(seconds.toUInt()) }

    /**
     * What the issuer orders, as it is obeyed: collect it while the app is in front, and a phone that is reported lost locks within
     * a second. An issuer that is not reached, refuses or cannot be believed is asked again after a pause; it ends when the wallet
     * is wiped or closed. With any other failure it fails: listen again after a while.
     */
    public fun commands(): Flow<CommandOp> =
        flow {
            while (true) {
                // Whoever cancels may have closed the wallet by now.
                currentCoroutineContext().ensureActive()
                val state = stateOrNull()
                if (state == null || state == WalletState.WIPED) return@flow
                if (state == WalletState.EMPTY) {
                    // Nobody orders anything of a phone without an ID; one that gets it hears of a loss at once.
                    delay(SECOND)
                    continue
                }
                val began = System.nanoTime()
                val obeyed =
                    try {
                        receiveCommands(LONGEST_POLL).obeyed
                    } catch (over: IllegalStateException) {
                        // Closed meanwhile, or cancelled.
                        if (over is CancellationException) throw over
                        return@flow
                    } catch (failure: WalletException) {
                        if (failure is WalletException.NotUsable && failure.why is Unusable.Wiped) return@flow
                        if (!failure.mayPass()) throw failure
                        delay(AFTER_FAILURE)
                        continue
                    }
                obeyed.forEach { emit(it) }
                // An issuer that does not make a phone wait is not asked without a pause.
                if (obeyed.isEmpty() && System.nanoTime() - began < SECOND * NANOS) delay(AFTER_FAILURE)
            }
        }

    private fun WalletException.mayPass() =
        this is WalletException.Offline || this is WalletException.IssuerRefused || this is WalletException.NotTrusted

    private fun stateOrNull(): WalletState? =
        try {
            state()
        } catch (_: IllegalStateException) {
            // Closed.
            null
        }

    /** Wipes this wallet after one prompt. No network; the issuer still counts this phone as the citizen's. */
    public suspend fun wipe(): Unit = walletCall { wallet.wipe() }

    /** Gives this phone up towards the issuer after one prompt, so that the citizen can have the ID on another, and wipes it. */
    public suspend fun giveUpPhone(): Unit = walletCall { wallet.giveUpPhone() }

    /**
     * Reads a card that [access] opens, whose secrets are wiped. [card] gives the card: first with null, and whenever it was lost
     * on the way with what happened; held again, the same card is read on. With a [challenge] (8 bytes) the chip proves that it
     * is the original. [terms] is what the app knows about cards beside its roots. Cancelling the collection stops the reading
     * between two commands.
     */
    public fun reading(
        access: CardAccessView,
        challenge: ByteArray? = null,
        terms: CardTerms? = null,
        card: suspend (lost: WalletException?) -> CardLink,
    ): Flow<ReadingEvent> =
        events {
            val evidence = read(access, terms, { it.run(challenge) }, card) { trySend(ReadingEvent.Progress(it)).isSuccess }
            send(ReadingEvent.Done(evidence))
        }

    /** As [reading], for one tap with the six digits [can]. */
    public fun reading(
        link: CardLink,
        can: ByteArray,
        challenge: ByteArray? = null,
        terms: CardTerms? = null,
    ): Flow<ReadingEvent> = reading(CardAccessView.Can(can), challenge, terms, once(link))

    /**
     * Makes an ID of a card that [access] opens: the issuer's challenge, the card's answer, the face, the keys, the credentials; all
     * of it or nothing. [card] gives the card as in [reading]; from its first call on the issuer waits two minutes. With [moving]
     * the ID is taken from the citizen's other phone, which is told: the way on after [Refusal.ANOTHER_PHONE], once the citizen
     * has said yes. [terms] as in [reading]. The secrets are wiped. Cancelling the collection stops it between two steps.
     */
    public fun enrolling(
        access: CardAccessView,
        moving: Boolean = false,
        terms: CardTerms? = null,
        card: suspend (lost: WalletException?) -> CardLink,
    ): Flow<EnrolmentEvent> =
        events {
            try {
                walletCall { wallet.enrol() }.use { enrolment ->
                    read(access, terms, { enrolment.tap(it) }, card) { trySend(EnrolmentEvent.Reading(it)).isSuccess }.use { evidence ->
                        val listener =
                            object : EnrolmentListener {
                                override fun stage(stage: EnrolmentStage): Boolean = trySend(EnrolmentEvent.Stage(stage)).isSuccess
                            }
                        try {
                            val made =
                                walletCall {
                                    if (moving) enrolment.finishMoving(evidence, listener) else enrolment.finish(evidence, listener)
                                }
                            send(EnrolmentEvent.Done(made))
                        } finally {
                            enrolment.cancel()
                        }
                    }
                }
            } finally {
                access.wipe()
            }
        }

    /** As [enrolling], for one tap with the six digits [can]. */
    public fun enrolling(
        link: CardLink,
        can: ByteArray,
        moving: Boolean = false,
        terms: CardTerms? = null,
    ): Flow<EnrolmentEvent> = enrolling(CardAccessView.Can(can), moving, terms, once(link))

    /** Looks up an offer that [scan] gave or the system opened the app with. Close it when done with it. */
    public suspend fun openOffer(link: String): CardOffer = walletCall { wallet.openOffer(link) }

    /**
     * Accepts [offer]: fetches, verifies and stores the card, all of it or nothing. The [digits] that the citizen was told are
     * wiped. Cancelling the coroutine stops it between two steps.
     */
    public suspend fun accept(
        offer: CardOffer,
        digits: ByteArray? = null,
        stage: (EnrolmentStage) -> Unit = {},
    ): Issued =
        try {
            walletCall { offer.accept(digits, listener(stage)) }
        } finally {
            digits?.fill(0)
            offer.cancel()
        }

    /** Whether an issuance was begun and not finished. Works while locked. */
    public fun unfinishedIssuance(): UnfinishedIssuance = walletCall { wallet.unfinishedIssuance() }

    /** Goes on when the citizen's browser has come back with [url]. */
    public suspend fun continueWith(
        url: String,
        stage: (EnrolmentStage) -> Unit = {},
    ): Issued = walletCall { wallet.continueWith(url, listener(stage)) }

    /** Goes on with an issuance that was cut short; the citizen is asked nothing again. */
    public suspend fun resumeIssuance(stage: (EnrolmentStage) -> Unit = {}): Issued = walletCall { wallet.resumeIssuance(listener(stage)) }

    /** Forgets an issuance that was begun and not finished. */
    public suspend fun abandonIssuance(): Unit = walletCall { wallet.abandonIssuance() }

    /** Has the first card issued again with fresh copies, without asking the citizen. */
    public suspend fun renewCard(stage: (EnrolmentStage) -> Unit = {}): Issued = walletCall { wallet.renewCard(listener(stage)) }

    /** As [renewCard], for one of several documents: by the `document` of its card. */
    public suspend fun renewDocument(
        document: String,
        stage: (EnrolmentStage) -> Unit = {},
    ): Issued = walletCall { wallet.renewDocument(document, listener(stage)) }

    /**
     * Shows a card at a counter: one prompt, which names [desk] when its sign was scanned. Uses up one copy. [ifStale] says what to do
     * when the issuer's last word is so old that counters refuse it.
     */
    public suspend fun show(
        cardId: String,
        disclosure: Disclosure,
        desk: DeskSign? = null,
        ifStale: IfStale = IfStale.REFUSE,
    ): CounterShow = walletCall { wallet.showAtCounterWith(cardId, disclosure, desk, ifStale) }

    /** The frame of [show] at this moment. */
    public fun frame(show: CounterShow): FrameView {
        val now = clockCall { platform.clock.now() }
        return walletCall { show.frame(now) }
    }

    /** The frames of [show], each second one, with the seconds it has left; ends with the show. */
    public fun frames(show: CounterShow): Flow<FrameView> =
        flow {
            while (true) {
                val frame =
                    try {
                        frame(show)
                    } catch (_: WalletException.ShowEnded) {
                        return@flow
                    }
                emit(frame)
                // To the beginning of the next second, so that a new frame is not late by one.
                delay(SECOND - System.currentTimeMillis() % SECOND)
            }
        }

    override fun close(): Unit = wallet.close()

    private fun listener(tell: (EnrolmentStage) -> Unit) =
        object : EnrolmentListener {
            override fun stage(stage: EnrolmentStage): Boolean {
                tell(stage)
                return true
            }
        }

    private suspend fun read(
        access: CardAccessView,
        terms: CardTerms?,
        tap: suspend (CardReading) -> ChipEvidence,
        card: suspend (lost: WalletException?) -> CardLink,
        progress: (ReadingProgress) -> Boolean,
    ): ChipEvidence {
        val listener =
            object : ReadingListener {
                override fun progress(progress: ReadingProgress): Boolean = progress(progress)
            }
        val held = HeldCard()
        val reading: CardReading =
            try {
                walletCall { wallet.readCard(held, access, listener) }
            } finally {
                access.wipe()
            }
        return reading.use {
            try {
                terms?.let { known -> walletCall { it.heed(known) } }
                it.runOn(held, tap, card)
            } finally {
                // After a cancellation the card is not to be spoken to any more.
                it.cancel()
            }
        }
    }

    /** Asks for the card again as long as it was only lost. */
    private suspend fun CardReading.runOn(
        held: HeldCard,
        tap: suspend (CardReading) -> ChipEvidence,
        card: suspend (lost: WalletException?) -> CardLink,
    ): ChipEvidence {
        var lost: WalletException? = null
        while (true) {
            held.card = card(lost)
            try {
                return walletCall { tap(this) }
            } catch (failure: WalletException) {
                // One that left before its first command has paused nothing: it is read from the start.
                val silent = failure is WalletException.CardUnreadable && failure.why == CardTrouble.SILENT && isPaused()
                if (failure !is WalletException.CardLost && !silent) throw failure
                lost = failure
            }
        }
    }

    public companion object {
        private const val SECOND = 1000L
        private const val NANOS = 1_000_000L

        /** Seconds: the issuer answers no later. */
        private const val LONGEST_POLL = 25
        private const val AFTER_FAILURE = 15 * SECOND

        /**
         * Opens the wallet at [WalletConfig.vaultPath], locked; makes an empty one at first. No network, no prompt.
         *
         * @throws WalletException what opening found.
         */
        public suspend fun open(
            platform: Platform,
            config: WalletConfig,
        ): MobileId {
            // The generated code compares its checksums with the library's only when asked to.
            uniffiEnsureInitialized()
            return MobileId(walletCall { Wallet.open(platform, config) }, platform)
        }

        /** A flow whose events come from calls back out of the library: none is dropped, whoever collects slowly. */
        private fun <T> events(block: suspend ProducerScope<T>.() -> Unit): Flow<T> = channelFlow(block).buffer(Channel.UNLIMITED)

        /** One tap: lost, it is over. */
        private fun once(link: CardLink): suspend (WalletException?) -> CardLink = { lost -> if (lost == null) link else throw lost }
    }
}
