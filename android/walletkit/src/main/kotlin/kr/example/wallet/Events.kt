package kr.example.wallet

import kr.example.wallet.core.CardView
import kr.example.wallet.core.ChipEvidence
import kr.example.wallet.core.EnrolmentStage
import kr.example.wallet.core.ReadingProgress

/** How an enrolment goes, in order: the card is read, the stages pass, the card is in the wallet. */
public sealed interface EnrolmentEvent {
    /** The card is being read. */
    public data class Reading(
        val progress: ReadingProgress,
    ) : EnrolmentEvent

    /** A stage began. */
    public data class Stage(
        val stage: EnrolmentStage,
    ) : EnrolmentEvent

    /** The card is in the wallet. */
    public data class Done(
        val card: CardView,
    ) : EnrolmentEvent
}

/** How a reading goes: progress after each answer of the card, then what it proved. */
public sealed interface ReadingEvent {
    /** The card answered. */
    public data class Progress(
        val progress: ReadingProgress,
    ) : ReadingEvent

    /** The card is read and checked. Close the evidence when done with it. */
    public data class Done(
        val evidence: ChipEvidence,
    ) : ReadingEvent
}
