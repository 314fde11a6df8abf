package kr.example.wallet.app

import android.widget.LinearLayout
import kr.example.wallet.core.CardState
import kr.example.wallet.core.CardView
import kr.example.wallet.core.Renewed
import kr.example.wallet.endsSoon
import kr.example.wallet.text

/** Why a card cannot be shown, or not for long, and what the citizen can do about it; nothing while it is good. */
internal class StandingBlock(
    private val host: Host,
) {
    private val blocks = host.blocks
    private val what = blocks.status()
    private val next = blocks.body()
    private val renew = blocks.primary(blocks.text(R.string.card_renew)) { host.go(Place(Place.Kind.RENEW, document)) }
    private val again = blocks.primary(blocks.text(R.string.welcome_read_card)) { host.go(Place(Place.Kind.TAP)) }
    private var document: String? = null

    val view: LinearLayout =
        blocks.column(what, next, renew, again).apply {
            background = blocks.box(R.color.warning_tint)
            setPadding(blocks.dp(16), blocks.dp(14), blocks.dp(16), blocks.dp(16))
            isThere = false
        }

    init {
        what.setTextColor(blocks.colour(R.color.warning))
    }

    fun show(
        card: CardView,
        renewed: Renewed?,
    ) {
        document = card.document
        val nothingRenews =
            renewed == Renewed.ENROL_AGAIN && card.state in setOf(CardState.ACTIVE, CardState.NEEDS_RENEWAL) && !card.endsSoon
        view.isThere = card.state != CardState.ACTIVE || nothingRenews
        renew.isThere = card.state == CardState.NEEDS_RENEWAL && !card.endsSoon && !nothingRenews
        again.isThere = card.state == CardState.EXPIRED || card.state == CardState.REVOKED || card.endsSoon || nothingRenews
        if (nothingRenews) {
            what.say(blocks.text(R.string.card_enrol_again))
            next.say(blocks.text(R.string.card_enrol_again_what))
        } else {
            val words = card.standing.text(host.language)
            what.say(words.what)
            next.say(words.next)
        }
    }
}
