package kr.example.wallet

import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.channels.ProducerScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.buffer
import kotlinx.coroutines.flow.channelFlow
import kotlinx.coroutines.flow.flow
import kr.example.wallet.core.CardAccessView
import kr.example.wallet.core.CardLink
import kr.example.wallet.core.CardOffer
import kr.example.wallet.core.CardReading
import kr.example.wallet.core.CardView
import kr.example.wallet.core.ChipEvidence
import kr.example.wallet.core.CounterShow
import kr.example.wallet.core.DeskSign
import kr.example.wallet.core.Disclosure
import kr.example.wallet.core.EnrolmentListener
import kr.example.wallet.core.EnrolmentStage
import kr.example.wallet.core.FrameView
import kr.example.wallet.core.HistoryEntryView
import kr.example.wallet.core.Issued
import kr.example.wallet.core.Platform
import kr.example.wallet.core.ReadingListener
import kr.example.wallet.core.ReadingProgress
import kr.example.wallet.core.Scan
import kr.example.wallet.core.UnfinishedIssuance
import kr.example.wallet.core.UnlockWith
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
    /** Empty, locked or ready. Works while locked. */
    public fun state(): WalletState = walletCall { wallet.state() }

    /** Unlocks after one prompt; none when it is unlocked already. */
    public suspend fun unlock(): Unit = walletCall { wallet.unlock(UnlockWith.BIOMETRICS) }

    /** The way on after [WalletException.KeyInvalidated]: throws away what nobody can read any more. */
    public suspend fun startOver(): Unit = walletCall { wallet.startOver() }

    /** Locks the personal part. */
    public fun lock(): Unit = walletCall { wallet.lock() }

    /** The cards, oldest first. */
    public fun cards(): List<CardView> = walletCall { wallet.cards() }

    /** The newest [limit] lines of the history, newest first. */
    public fun history(limit: Int = 100): List<HistoryEntryView> = walletCall { wallet.history(limit.toUInt()) }

    /** Says what a scanned code is. */
    public fun scan(text: String): Scan = walletCall { wallet.scan(text) }

    /** Fetches this hour's proofs of freshness, without a prompt; gives back how many are new. */
    public suspend fun refreshStaples(): Int = walletCall { wallet.refreshStaples() }.toInt()

    /**
     * Reads the card behind [link] with the six digits [can], which are wiped. With a [challenge] (8 bytes) the chip proves
     * that it is the original. Cancelling the collection stops the reading between two commands.
     */
    public fun reading(
        link: CardLink,
        can: ByteArray,
        challenge: ByteArray? = null,
    ): Flow<ReadingEvent> =
        events {
            val evidence = read(link, can, challenge) { trySend(ReadingEvent.Progress(it)).isSuccess }
            send(ReadingEvent.Done(evidence))
        }

    /**
     * Makes an ID of the card behind [link]: the issuer's challenge, the card's answer, the face, the keys, the credentials;
     * all of it or nothing. The digits [can] are wiped. Cancelling the collection stops it between two steps.
     */
    public fun enrolling(
        link: CardLink,
        can: ByteArray,
    ): Flow<EnrolmentEvent> =
        events {
            try {
                walletCall { wallet.enrol() }.use { enrolment ->
                    read(link, can, enrolment.challenge()) { trySend(EnrolmentEvent.Reading(it)).isSuccess }.use { evidence ->
                        val listener =
                            object : EnrolmentListener {
                                override fun stage(stage: EnrolmentStage): Boolean = trySend(EnrolmentEvent.Stage(stage)).isSuccess
                            }
                        try {
                            send(EnrolmentEvent.Done(walletCall { enrolment.finish(evidence, listener) }))
                        } finally {
                            enrolment.cancel()
                        }
                    }
                }
            } finally {
                can.fill(0)
            }
        }

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

    /** Has the card issued again with fresh copies, without asking the citizen. */
    public suspend fun renewCard(stage: (EnrolmentStage) -> Unit = {}): Issued = walletCall { wallet.renewCard(listener(stage)) }

    /** Shows a card at a counter: one prompt, which names [desk] when its sign was scanned. Uses up one copy. */
    public suspend fun show(
        cardId: String,
        disclosure: Disclosure,
        desk: DeskSign? = null,
    ): CounterShow = walletCall { wallet.showAtCounter(cardId, disclosure, desk) }

    /** The frame of [show] at this moment. */
    public fun frame(show: CounterShow): FrameView = walletCall { show.frame(platform.clock.now()) }

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
        link: CardLink,
        can: ByteArray,
        challenge: ByteArray?,
        progress: (ReadingProgress) -> Boolean,
    ): ChipEvidence {
        val listener =
            object : ReadingListener {
                override fun progress(progress: ReadingProgress): Boolean = progress(progress)
            }
        val reading: CardReading =
            try {
                walletCall { wallet.readCard(link, CardAccessView.Can(can), listener) }
            } finally {
                can.fill(0)
            }
        return reading.use {
            try {
                walletCall { it.run(challenge) }
            } finally {
                // After a cancellation the card is not to be spoken to any more.
                it.cancel()
            }
        }
    }

    public companion object {
        private const val SECOND = 1000L

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
    }
}
