package kr.example.wallet.app

import android.view.View
import android.widget.RadioButton
import android.widget.RadioGroup
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.launch
import kr.example.wallet.core.CopiesLeft
import kr.example.wallet.core.Disclosure
import kr.example.wallet.core.IfStale
import kr.example.wallet.core.Unusable
import kr.example.wallet.core.WalletException
import kr.example.wallet.core.disclosureText

/** How much to show, then the rolling code. */
internal class ShowScreen(
    host: Host,
    private val presenter: ShowPresenter,
) : Screen(host) {
    private val desk = blocks.body()
    private val levels = RadioGroup(blocks.context)
    private val number = blocks.warning(text(R.string.show_number_warning))
    private var counted: List<CopiesLeft>? = null
    private val trouble = TroubleBlock(host) { if (isStale) presenter.freshen() else presenter.show() }
    private val anyway = blocks.secondary(text(R.string.show_anyway)) { presenter.show(IfStale.SHOW_ANYWAY) }
    private val show = blocks.primary(text(R.string.show_now)) { presenter.show() }
    private val choice = blocks.column(blocks.heading(text(R.string.show_what)), levels, number, desk, trouble.view, anyway, show)

    private val picture = CodeView(blocks.context)
    private val shown = blocks.subheading().apply { isAccessibilityHeading = false }
    private val towards = blocks.body()
    private val ends = blocks.body()
    private val next = blocks.quiet()
    private val code =
        blocks.column(
            // First, so that it is whole on a phone that lies on its side too.
            picture,
            blocks.heading(text(R.string.show_scan_this)),
            shown,
            towards,
            ends,
            next,
            blocks.quiet(text(R.string.show_no_proof)),
            blocks.secondary(text(R.string.show_stop)) { host.back() },
        )

    private val over = blocks.status()
    private val ended =
        blocks.column(
            over,
            blocks.primary(text(R.string.show_again)) { presenter.begin() },
            blocks.secondary(text(R.string.close)) { host.home() },
        )
    private val wait = blocks.status(text(R.string.please_wait))
    private val refused = TroubleBlock(host) { presenter.begin() }

    override val title = text(R.string.show_title)
    override val view: View = blocks.page(wait, choice, code, ended, refused.view)

    init {
        over.say(words(WalletException.ShowEnded()).what)
    }

    override fun shown(scope: CoroutineScope) {
        if (presenter.state.value is ShowState.Opening) presenter.begin()
        scope.launch { presenter.state.collect(::show) }
    }

    override fun hidden() = host.shine(false)

    private fun show(state: ShowState) {
        wait.isThere = state is ShowState.Opening || state is ShowState.Asking
        choice.isThere = state is ShowState.Choice
        code.isThere = state is ShowState.Code
        ended.isThere = state is ShowState.Ended
        refused.show((state as? ShowState.Trouble)?.trouble)
        host.shine(state is ShowState.Code)
        when (state) {
            is ShowState.Choice -> choose(state)
            is ShowState.Code -> code(state)
            else -> picture.clear()
        }
    }

    private fun choose(state: ShowState.Choice) {
        levels.setOnCheckedChangeListener(null)
        if (state.copies != counted) {
            counted = state.copies
            levels.removeAllViews()
            state.copies.forEachIndexed { index, copies -> levels.addView(level(index, copies.disclosure, copies.left.toInt())) }
        }
        levels.check(state.copies.indexOfFirst { it.disclosure == state.chosen } + FIRST_ID)
        levels.setOnCheckedChangeListener { _, id -> presenter.choose(state.copies[id - FIRST_ID].disclosure) }
        number.isThere = state.chosen == Disclosure.REGISTRATION_NUMBER
        desk.say(counterparty(state.desk))
        trouble.show(state.trouble, document = state.document)
        anyway.isThere = isStale
        show.isThere = state.trouble == null
    }

    private fun code(state: ShowState.Code) {
        picture.show(state.frame.qr)
        picture.contentDescription = text(R.string.show_code)
        shown.say(disclosureText(state.disclosure, host.language).asLine())
        towards.say(counterparty(state.desk))
        ends.say(text(R.string.show_ends, state.secondsLeft / MINUTE, state.secondsLeft % MINUTE))
        next.say(text(R.string.show_next_code, state.frame.secondsLeft.toInt()))
    }

    /** The issuer's last word is so old that counters refuse it. */
    private val isStale: Boolean
        get() {
            val trouble = (presenter.state.value as? ShowState.Choice)?.trouble
            return (trouble as? WalletException.NotUsable)?.why is Unusable.StapleTooOld
        }

    private fun counterparty(desk: String?) = desk?.let { text(R.string.show_to, it) } ?: text(R.string.show_to_nobody)

    private fun level(
        index: Int,
        disclosure: Disclosure,
        left: Int,
    ) = RadioButton(blocks.context).apply {
        id = index + FIRST_ID
        text = "${disclosureText(disclosure, host.language).asLine()} (${text(R.string.show_left, left)})"
        setTextColor(blocks.colour(R.color.ink))
        textSize = 16f
        minHeight = blocks.dp(Blocks.TOUCH)
        setPadding(blocks.dp(8), blocks.dp(8), 0, blocks.dp(8))
    }

    companion object {
        private const val MINUTE = 60

        /** Ids of the levels: small numbers, which no generated id takes. */
        private const val FIRST_ID = 0x4000
    }
}
