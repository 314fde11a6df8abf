package kr.example.wallet.app

import android.view.View
import android.widget.LinearLayout
import kr.example.wallet.core.Unusable
import kr.example.wallet.core.WalletException
import kr.example.wallet.text

/** What went wrong and what to do next, in the core's words, with the button that does it. */
internal class TroubleBlock(
    private val host: Host,
    private val again: (() -> Unit)?,
) {
    private val blocks = host.blocks
    private val what = blocks.status()
    private val next = blocks.body()
    private val act = blocks.primary("") { doing() }
    private var doing: () -> Unit = {}

    val view: LinearLayout =
        blocks.column(what, next, act).apply {
            background = blocks.box(R.color.warning_tint)
            setPadding(blocks.dp(16), blocks.dp(14), blocks.dp(16), blocks.dp(16))
            isThere = false
        }

    init {
        what.setTextColor(blocks.colour(R.color.warning))
        what.accessibilityLiveRegion = View.ACCESSIBILITY_LIVE_REGION_ASSERTIVE
    }

    /** Says [trouble] with a [document], with a button for the next act unless the screen has one; nothing when there is none. */
    fun show(
        trouble: WalletException?,
        withAct: Boolean = true,
        document: String? = null,
    ) {
        view.isThere = trouble != null
        if (trouble == null) return
        val words = trouble.text(host.language)
        what.say(words.what)
        next.say(words.next)
        val (label, step) =
            when (trouble) {
                is WalletException.NoBiometrics -> R.string.open_settings to host.phone::openBiometricSettings
                is WalletException.NoCopiesLeft -> R.string.card_renew to { host.instead(Place(Place.Kind.RENEW, document)) }
                is WalletException.KeyInvalidated -> R.string.back to host::home
                is WalletException.NotUsable -> unusable(trouble.why)
                else -> R.string.try_again to again
            }
        act.isThere = withAct && step != null
        act.say(blocks.text(label))
        doing = step ?: {}
    }

    /** Only an old proof is mended here; for the rest the first screen says what can be done. */
    private fun unusable(why: Unusable): Pair<Int, (() -> Unit)?> =
        if (why is Unusable.StapleTooOld) R.string.show_freshen to again else R.string.back to host::home
}
