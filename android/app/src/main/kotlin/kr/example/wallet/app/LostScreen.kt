package kr.example.wallet.app

import android.view.View
import kotlinx.coroutines.CoroutineScope

/** What to do and whom to call when the phone is lost. It needs no wallet and no network. */
internal class LostScreen(
    host: Host,
) : Screen(host) {
    override val title = text(R.string.lost_title)
    override val view: View =
        blocks.page(
            blocks.heading(text(R.string.lost_first)),
            blocks.subheading(text(R.string.lost_operator)),
            blocks.body(text(R.string.lost_operator_what)),
            call(R.string.number_operator, isFirst = true),
            blocks.subheading(text(R.string.lost_centre)),
            blocks.body(text(R.string.lost_centre_what)),
            call(R.string.number_centre, isFirst = false),
            blocks.warning(text(R.string.lost_note)),
            blocks.subheading(text(R.string.lost_then)),
            blocks.body(text(R.string.lost_then_what)),
            blocks.subheading(text(R.string.lost_found)),
            blocks.body(text(R.string.lost_found_what)),
            blocks.subheading(text(R.string.lost_gone)),
            blocks.body(text(R.string.lost_gone_what)),
            blocks.subheading(text(R.string.lost_card)),
            blocks.body(text(R.string.lost_card_what)),
        )

    override fun shown(scope: CoroutineScope) {}

    private fun call(
        number: Int,
        isFirst: Boolean,
    ): View {
        val digits = text(number)
        val words = text(R.string.lost_call, digits)
        return if (isFirst) blocks.primary(words) { host.phone.dial(digits) } else blocks.secondary(words) { host.phone.dial(digits) }
    }
}
