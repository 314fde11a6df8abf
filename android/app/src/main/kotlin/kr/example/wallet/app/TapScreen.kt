package kr.example.wallet.app

import android.view.View
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.flow.collectLatest
import kotlinx.coroutines.flow.distinctUntilChanged
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.launch
import kr.example.wallet.android.Tap
import kr.example.wallet.core.stageText
import kr.example.wallet.text

/** Digits, where to hold the card, how far the reading is. */
internal class TapScreen(
    host: Host,
    private val presenter: TapPresenter,
) : Screen(host) {
    private val digits = blocks.digits(CAN).apply { hint = "000000" }
    private val wrong = TroubleBlock(host, null)
    private val entry =
        blocks.column(
            blocks.heading(text(R.string.tap_digits)).apply { labelFor = digitsId() },
            blocks.body(text(R.string.tap_digits_help)),
            digits,
            wrong.view,
            blocks.primary(text(R.string.next)) { presenter.digits(digits.take()) },
        )
    private val status = blocks.status()
    private val help = blocks.body(text(R.string.tap_hold_help))
    private val lost = TroubleBlock(host, null)
    private val guide = TapGuide(blocks.context).apply { contentDescription = text(R.string.tap_guide) }
    private val bar = blocks.bar()
    private val percent = blocks.body()
    private val trouble = TroubleBlock(host, presenter::again)
    private val elsewhere = blocks.status()
    private val move =
        blocks.column(
            elsewhere,
            blocks.subheading(text(R.string.tap_move)),
            blocks.body(text(R.string.tap_move_what)),
            blocks.primary(text(R.string.tap_move_here)) { presenter.move() },
        )
    private val cancel = blocks.secondary(text(R.string.cancel)) { host.back() }
    private val done = blocks.primary(text(R.string.issued_see)) { host.home() }
    private val going = blocks.column(status, lost.view, guide, help, bar, percent)

    override val title = text(R.string.tap_title)
    override val view: View = blocks.page(entry, going, trouble.view, move, done, cancel)

    override fun shown(scope: CoroutineScope) {
        scope.launch { presenter.state.collect(::show) }
        scope.launch {
            // As long as a card may lie there: the system would greet it with another app.
            presenter.state.map { it.wantsField }.distinctUntilChanged().collectLatest { wants ->
                if (wants) host.cards.taps().collect(::held)
            }
        }
    }

    private fun held(tap: Tap) {
        when (tap) {
            is Tap.Card -> presenter.tapped(tap.link)
            is Tap.NotACard -> presenter.noCard()
        }
    }

    private fun show(state: TapState) {
        entry.isThere = state is TapState.Digits
        going.isThere = state !is TapState.Digits && state !is TapState.Trouble && state !is TapState.Elsewhere
        guide.isThere = state is TapState.Hold || state is TapState.Reading
        help.isThere = state is TapState.Hold
        val readSoFar = (state as? TapState.Hold)?.readSoFar
        bar.isThere = state is TapState.Reading || state is TapState.Working || readSoFar != null
        percent.isThere = bar.isThere
        move.isThere = state is TapState.Elsewhere
        // The citizen's hands are at the card, and the issuer may take its time.
        view.keepScreenOn = state is TapState.Hold || state is TapState.Reading || state is TapState.Working
        cancel.isThere = state !is TapState.Done
        done.isThere = state is TapState.Done
        lost.show(null)
        trouble.show((state as? TapState.Trouble)?.trouble)
        when (state) {
            is TapState.Digits -> {
                wrong.show(state.wrong, withAct = false)
            }

            is TapState.Hold -> {
                status.say(text(if (state.lost == null) R.string.tap_hold else R.string.tap_hold_again))
                lost.show(state.lost, withAct = false)
                if (readSoFar != null) {
                    bar.isIndeterminate = false
                    bar.progress = readSoFar
                    percent.say(text(R.string.tap_goes_on, readSoFar))
                }
            }

            is TapState.Elsewhere -> {
                // What happened alone: what the core says to do next is for whoever cannot move it.
                elsewhere.say(state.refusal.text(host.language).what)
            }

            is TapState.Reading -> {
                status.say(text(R.string.tap_reading))
                bar.isIndeterminate = false
                bar.progress = state.percent
                percent.say(text(R.string.percent, state.percent))
            }

            is TapState.Working -> {
                status.say(stageText(state.stage, host.language))
                percent.say(text(R.string.tap_read))
                bar.isIndeterminate = true
            }

            is TapState.Done -> {
                status.say(text(R.string.issued_done))
            }

            is TapState.Trouble -> {}
        }
    }

    private fun digitsId(): Int {
        digits.id = View.generateViewId()
        return digits.id
    }

    private companion object {
        const val CAN = 6
    }
}
