package kr.example.wallet.app

import android.view.View
import android.widget.LinearLayout
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.launch
import kr.example.wallet.core.EventKind
import kr.example.wallet.core.HistoryEntryView
import kr.example.wallet.core.disclosureText
import kr.example.wallet.core.eventText
import java.text.DateFormat
import java.util.Date
import java.util.Locale
import java.util.TimeZone

/** What was shown, when, and to whom. */
internal class HistoryScreen(
    host: Host,
    private val presenter: HistoryPresenter,
) : Screen(host) {
    private val status = blocks.status(text(R.string.please_wait))
    private val lines = blocks.column()
    private val trouble = TroubleBlock(host) { presenter.begin() }

    override val title = text(R.string.history_title)
    override val view: View = blocks.page(blocks.quiet(text(R.string.history_kept_here)), status, lines, trouble.view)

    override fun shown(scope: CoroutineScope) {
        presenter.begin()
        scope.launch { presenter.state.collect(::show) }
    }

    private fun show(state: HistoryState) {
        status.isThere = state is HistoryState.Opening || (state as? HistoryState.Lines)?.lines?.isEmpty() == true
        status.say(text(if (state is HistoryState.Opening) R.string.please_wait else R.string.history_empty))
        lines.isThere = state is HistoryState.Lines
        trouble.show((state as? HistoryState.Trouble)?.trouble)
        lines.removeAllViews()
        (state as? HistoryState.Lines)?.lines?.forEach { lines.addView(line(it), blocks.below(Blocks.GAP)) }
    }

    private fun line(entry: HistoryEntryView): LinearLayout {
        val counterparty =
            when {
                entry.verified -> entry.counterparty?.let { text(R.string.history_verified, it) }
                entry.kind == EventKind.SHOWN_AT_COUNTER -> text(R.string.history_unverified)
                else -> null
            }
        val said = listOfNotNull(entry.disclosure?.let { disclosureText(it, host.language) }, counterparty)
        return blocks
            .column(
                blocks.subheading(eventText(entry.kind, host.language).asLine()).apply { isAccessibilityHeading = false },
                blocks.body(said.joinToString(" · ").asLine()).apply { isThere = said.isNotEmpty() },
                blocks.quiet(moment(entry.at)),
            ).apply {
                for (index in 1 until childCount) (getChildAt(index).layoutParams as LinearLayout.LayoutParams).topMargin = blocks.dp(2)
                background = blocks.box(R.color.paper, R.color.line)
                setPadding(blocks.dp(14), blocks.dp(10), blocks.dp(14), blocks.dp(10))
                // Read out as one.
                isFocusable = true
            }
    }

    private fun moment(seconds: Long): String {
        val locale = if (text(R.string.core_language) == "ko") Locale.KOREA else Locale.UK
        val format = DateFormat.getDateTimeInstance(DateFormat.MEDIUM, DateFormat.SHORT, locale)
        format.timeZone = TimeZone.getDefault()
        return format.format(Date(seconds * MILLIS))
    }

    private companion object {
        const val MILLIS = 1000L
    }
}
