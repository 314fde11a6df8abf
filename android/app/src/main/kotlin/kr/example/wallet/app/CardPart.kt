package kr.example.wallet.app

import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.view.View
import android.widget.ImageView
import android.widget.LinearLayout
import android.widget.TextView
import kr.example.wallet.canBeShown
import kr.example.wallet.core.CardClaim
import kr.example.wallet.core.CardState
import kr.example.wallet.core.CardView
import kr.example.wallet.core.Disclosure
import kr.example.wallet.core.cardStateText

/** The card as its holder sees it: the back of the number and the address are hidden until the detail view. */
internal class CardPart(
    private val host: Host,
    private val presenter: HomePresenter,
) {
    private val blocks = host.blocks
    private val portrait =
        ImageView(blocks.context).apply {
            adjustViewBounds = true
            scaleType = ImageView.ScaleType.FIT_CENTER
            background = blocks.box(R.color.paper, R.color.line)
        }
    private val noPortrait = blocks.quiet(blocks.text(R.string.card_no_portrait))
    private val name = blocks.heading()
    private val latin = blocks.body()
    private val birth = Field(blocks, R.string.card_birth)
    private val number = Field(blocks, R.string.card_number)
    private val address = Field(blocks, R.string.card_address)
    private val issued = Field(blocks, R.string.card_issued)
    private val valid = Field(blocks, R.string.card_valid)
    private val state = Field(blocks, R.string.card_state)
    private val document = blocks.subheading()
    private val claims = blocks.column()
    private val standing = StandingBlock(host)
    private val others = blocks.column()
    private val details = blocks.secondary("") { if (masked) presenter.reveal() else presenter.mask() }
    private val show = blocks.primary(blocks.text(R.string.card_show)) { host.go(Place(Place.Kind.SHOW)) }
    private val left = blocks.quiet()
    private val few = blocks.warning(blocks.text(R.string.card_few_left))
    private val unfinished = UnfinishedBlock(host, presenter)
    private val renew = blocks.secondary(blocks.text(R.string.card_renew)) { host.go(Place(Place.Kind.RENEW, renewing)) }
    private var renewing: String? = null
    private var saying: List<CardClaim>? = null
    private var besides: List<Pair<String, String>>? = null
    private var masked = true
    private var seen: Pair<String, CardState>? = null
    private var drawn: ByteArray? = null

    val view: View =
        blocks.page(
            standing.view,
            plate(),
            blocks.quiet(blocks.text(R.string.card_no_proof)),
            unfinished.view,
            show,
            left,
            few,
            others,
            blocks.secondary(blocks.text(R.string.card_scan)) { host.go(Place(Place.Kind.SCAN)) },
            blocks.secondary(blocks.text(R.string.card_history)) { host.go(Place(Place.Kind.HISTORY)) },
            renew,
            lostButton(host),
            removeButton(host),
        )

    fun show(state: HomeState.Card) {
        val card = state.document.card
        renewing = card.document
        masked = state.isMasked
        fields(card)
        document.say(state.document.name)
        val hidden = blocks.text(R.string.hidden)
        if (masked) {
            number.say(card.masked(), "${card.masked().take(FRONT)}, $hidden")
            address.say(DOTS, hidden)
        } else {
            number.say(card.maskedRegistrationNumber)
            address.say(card.address)
        }
        details.say(state.seconds?.let { blocks.text(R.string.card_hide, it) } ?: blocks.text(R.string.card_details))
        copies(card)
        standing.show(card, state.renewed)
        // The card that counters know has all it says on its plate.
        said(if (masked || card.copies.isNotEmpty()) emptyList() else state.document.claims)
        beside(state.others)
        renew.isThere = card.state == CardState.ACTIVE || card.state == CardState.NEEDS_RENEWAL
        unfinished.view.isThere = state.unfinished
        fromTheTop(card)
    }

    /** Another document, or what became of this one, stands at the top. */
    private fun fromTheTop(card: CardView) {
        val now = card.id to card.state
        if (seen != now) view.scrollTo(0, 0)
        seen = now
    }

    /** What the document says beside what every card has, in the detail view. */
    private fun said(now: List<CardClaim>) {
        if (now == saying) return
        saying = now
        claims.removeAllViews()
        now.forEach { claim ->
            val field = Field(blocks, claim.label).also { it.say(claim.value) }
            claims.addView(field.view, blocks.below(if (claims.childCount == 0) 0 else Blocks.GAP))
        }
        claims.isThere = now.isNotEmpty()
    }

    private fun beside(now: List<Held>) {
        val named = now.map { it.card.id to it.name }
        if (named == besides) return
        besides = named
        others.removeAllViews()
        for ((id, name) in named) {
            others.addView(blocks.secondary(name) { presenter.choose(id) }, blocks.below(if (others.childCount == 0) 0 else Blocks.GAP))
        }
        others.isThere = named.isNotEmpty()
    }

    private fun fields(card: CardView) {
        name.say(card.name)
        latin.say(card.nameLatin)
        birth.say(card.birthDate)
        issued.say("${card.issueDate} · ${card.issuingAuthority}")
        valid.say(card.validUntil)
        state.say(cardStateText(card.state, host.language).asLine())
        draw(card.portrait)
    }

    private fun copies(card: CardView) {
        val active = card.canBeShown
        val least = card.copies.firstOrNull { it.disclosure == Disclosure.entries.first() }?.left ?: 0u
        show.isThere = active
        left.isThere = active
        left.say(blocks.text(R.string.card_left, least.toInt()))
        few.isThere = active && card.copies.any { it.left <= 1u }
    }

    private fun draw(jpeg: ByteArray) {
        if (drawn?.contentEquals(jpeg) == true) return
        drawn = jpeg
        // Some cards hold JPEG 2000, which Android does not decode.
        val picture: Bitmap? = BitmapFactory.decodeByteArray(jpeg, 0, jpeg.size)
        portrait.setImageBitmap(picture)
        portrait.contentDescription = blocks.text(if (picture == null) R.string.card_no_portrait else R.string.card_portrait)
        portrait.isThere = picture != null
        noPortrait.isThere = picture == null
    }

    private fun plate(): LinearLayout {
        val picture = blocks.column(portrait, noPortrait)
        val person = blocks.column(name, latin, birth.view)
        val top =
            LinearLayout(blocks.context).apply {
                addView(picture, LinearLayout.LayoutParams(0, LinearLayout.LayoutParams.WRAP_CONTENT, 2f))
                addView(
                    person,
                    LinearLayout.LayoutParams(0, LinearLayout.LayoutParams.WRAP_CONTENT, 3f).apply { marginStart = blocks.dp(16) },
                )
            }
        return blocks.column(document, top, number.view, address.view, claims, details, issued.view, valid.view, state.view).apply {
            background = blocks.box(R.color.tint, R.color.line)
            setPadding(blocks.dp(16), blocks.dp(16), blocks.dp(16), blocks.dp(16))
        }
    }

    /** A label and, under it, a value. */
    private class Field(
        blocks: Blocks,
        label: String,
    ) {
        constructor(blocks: Blocks, label: Int) : this(blocks, blocks.text(label))

        private val name: TextView = blocks.quiet(label)
        private val value: TextView = blocks.body()
        val view: LinearLayout = blocks.column(name, value).apply { (value.layoutParams as LinearLayout.LayoutParams).topMargin = 0 }

        fun say(
            words: String,
            spoken: String = words,
        ) {
            value.say(words)
            value.contentDescription = spoken
        }
    }

    companion object {
        /** `YYMMDD`: what follows the hyphen tells century, sex and more. */
        private const val FRONT = 6
        internal const val DOTS = "••••••••"

        /** The number with nothing after the date of birth. */
        internal fun CardView.masked(): String = maskedRegistrationNumber.take(FRONT) + "-" + "•".repeat(7)
    }
}
