package kr.example.wallet.app

import android.view.View
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.launch

/** The two ways an ID leaves this phone, and what each means. */
internal class RemoveScreen(
    host: Host,
    private val presenter: RemovePresenter,
) : Screen(host) {
    private val trouble = TroubleBlock(host, null)
    private val choice =
        blocks.column(
            blocks.heading(text(R.string.remove_title)),
            blocks.body(text(R.string.remove_what)),
            trouble.view,
            blocks.subheading(text(R.string.remove_give_up)),
            blocks.body(text(R.string.remove_give_up_what)),
            blocks.primary(text(R.string.remove_give_up)) { presenter.giveUp() },
            blocks.subheading(text(R.string.remove_wipe)),
            blocks.body(text(R.string.remove_wipe_what)),
            blocks.secondary(text(R.string.remove_wipe)) { presenter.wipe() },
        )
    private val status = blocks.status()
    private val close = blocks.primary(text(R.string.close)) { host.home() }

    override val title = text(R.string.remove_title)
    override val view: View = blocks.page(choice, status, close)

    override fun shown(scope: CoroutineScope) {
        scope.launch { presenter.state.collect(::show) }
    }

    private fun show(state: RemoveState) {
        choice.isThere = state is RemoveState.Choice
        status.isThere = state !is RemoveState.Choice
        close.isThere = state is RemoveState.Done
        trouble.show((state as? RemoveState.Choice)?.trouble, withAct = false)
        status.say(text(if (state is RemoveState.Done) R.string.remove_done else R.string.please_wait))
    }
}
