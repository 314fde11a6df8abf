package kr.example.wallet.app

import android.view.View
import android.widget.FrameLayout
import android.widget.LinearLayout
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.launch
import kr.example.wallet.android.NfcState
import kr.example.wallet.core.Unusable
import kr.example.wallet.core.WalletException
import kr.example.wallet.text

/** The first screen: what the app is, or the locked wallet, or the card. */
internal class HomeScreen(
    host: Host,
    private val presenter: HomePresenter,
) : Screen(host) {
    private val opening = blocks.page(blocks.status(text(R.string.please_wait)))
    private val notSetUp = NotSetUpPart(blocks)
    private val broken = BrokenPart(host, presenter)
    private val welcome = WelcomePart(host, presenter)
    private val locked = LockedPart(host, presenter)
    private val card = CardPart(host, presenter)
    private val parts = listOf(opening, notSetUp.view, broken.view, welcome.view, locked.view, card.view)

    override val title = text(R.string.app_name)
    override val view: View = FrameLayout(blocks.context).apply { parts.forEach(::addView) }

    override fun shown(scope: CoroutineScope) {
        presenter.look()
        scope.launch { presenter.state.collect(::show) }
    }

    override fun hidden() {
        presenter.cover()
        // Nobody collects any more: what comes back first must not be the details, nor a question that was answered meanwhile.
        show(presenter.state.value)
    }

    private fun show(state: HomeState) {
        val part =
            when (state) {
                is HomeState.Opening -> opening
                is HomeState.NotSetUp -> notSetUp.view.also { notSetUp.show(state) }
                is HomeState.Broken -> broken.view.also { broken.show(state) }
                is HomeState.Welcome -> welcome.view.also { welcome.show(state) }
                is HomeState.Locked -> locked.view.also { locked.show(state) }
                is HomeState.Card -> card.view.also { card.show(state) }
            }
        parts.forEach { it.isThere = it === part }
    }
}

/** The build names no issuer. */
private class NotSetUpPart(
    blocks: Blocks,
) {
    private val hint = blocks.quiet()
    val view: View =
        blocks.page(
            blocks.heading(blocks.text(R.string.not_set_up_title)),
            blocks.body(blocks.text(R.string.not_set_up_what)),
            hint,
        )

    fun show(state: HomeState.NotSetUp) {
        hint.say(state.hint.orEmpty())
    }
}

/** The wallet does not open. */
private class BrokenPart(
    host: Host,
    presenter: HomePresenter,
) {
    private val trouble = TroubleBlock(host, presenter::look)
    private val lost = lostButton(host)
    val view: View = host.blocks.page(trouble.view, lost)

    fun show(state: HomeState.Broken) = trouble.show(state.trouble)
}

/** What the app is, before there is a card. */
private class WelcomePart(
    private val host: Host,
    presenter: HomePresenter,
) {
    private val blocks = host.blocks
    private val biometrics = TroubleBlock(host, null)
    private val unfinished = UnfinishedBlock(host, presenter)
    private val nfc = blocks.warning()
    private val nfcSettings = blocks.secondary(blocks.text(R.string.open_settings)) { host.phone.openNfcSettings() }
    private val read = blocks.primary(blocks.text(R.string.welcome_read_card)) { host.go(Place(Place.Kind.TAP)) }
    private val scan = blocks.secondary(blocks.text(R.string.welcome_scan_centre)) { host.go(Place(Place.Kind.SCAN)) }

    val view: View =
        blocks.page(
            blocks.heading(blocks.text(R.string.welcome_title)),
            blocks.body(blocks.text(R.string.welcome_what)),
            blocks.warning(blocks.text(R.string.welcome_not_valid)),
            blocks.body(blocks.text(R.string.welcome_biometrics)),
            biometrics.view,
            unfinished.view,
            blocks.subheading(blocks.text(R.string.welcome_ways)),
            nfc,
            nfcSettings,
            read,
            scan,
            lostButton(host),
        )

    fun show(state: HomeState.Welcome) {
        val radio = host.cards.state()
        val ready = host.phone.hasBiometrics
        biometrics.show(if (ready) null else WalletException.NoBiometrics())
        unfinished.view.isThere = state.unfinished
        nfc.isThere = radio != NfcState.READY
        nfc.say(blocks.text(if (radio == NfcState.MISSING) R.string.no_nfc else R.string.nfc_off))
        nfcSettings.isThere = radio == NfcState.OFF
        read.isThere = radio == NfcState.READY
        listOf(read, scan).forEach {
            it.isEnabled = ready
            it.alpha = if (ready) 1f else FAINT
        }
    }

    private companion object {
        const val FAINT = 0.4f
    }
}

/** The wallet is locked, or something of it failed. */
private class LockedPart(
    private val host: Host,
    private val presenter: HomePresenter,
) {
    private val blocks = host.blocks
    private val what = blocks.heading()
    private val next = blocks.body()
    private val trouble = TroubleBlock(host, null)
    private val unfinished = UnfinishedBlock(host, presenter)
    private val unlock = blocks.primary(blocks.text(R.string.unlock)) { presenter.unlock() }
    private val startOver = blocks.secondary(blocks.text(R.string.start_over)) { ask() }
    private val confirm = blocks.primary(blocks.text(R.string.start_over_confirm)) { presenter.startOver() }
    private val remove = removeButton(host)
    private var isWiped = false

    val view: View =
        blocks.page(
            what,
            next,
            trouble.view,
            unlock,
            startOver,
            confirm,
            unfinished.view,
            lostButton(host),
            remove,
        )

    fun show(state: HomeState.Locked) {
        val unusable = (state.trouble as? WalletException.NotUsable)?.why
        val wiped = unusable is Unusable.Wiped
        // A wallet that a command locks, or that is gone, says why, and nothing of unlocking.
        val words = (if (unusable == null) WalletException.Locked() else state.trouble ?: WalletException.Locked()).text(host.language)
        what.say(words.what)
        next.say(words.next)
        trouble.show(state.trouble.takeIf { unusable == null }, withAct = state.trouble is WalletException.NoBiometrics)
        unfinished.view.isThere = state.unfinished
        unlock.isThere = !state.isDead && unusable == null
        startOver.isThere = state.isDead
        isWiped = wiped
        confirm.isThere = false
        remove.isThere = !wiped
    }

    /** Where nothing is left there is nothing to ask about. */
    private fun ask() {
        if (isWiped) presenter.startOver() else confirm.isThere = true
    }
}

/** An issuance that was cut short. */
internal class UnfinishedBlock(
    host: Host,
    presenter: HomePresenter,
) {
    private val blocks = host.blocks
    val view: LinearLayout =
        blocks
            .column(
                blocks.body(blocks.text(R.string.unfinished)),
                blocks.primary(blocks.text(R.string.unfinished_go_on)) { host.go(Place(Place.Kind.RESUME)) },
                blocks.secondary(blocks.text(R.string.unfinished_give_up)) { presenter.giveUpUnfinished() },
            ).apply {
                background = blocks.box(R.color.tint)
                setPadding(blocks.dp(16), blocks.dp(14), blocks.dp(16), blocks.dp(16))
                isThere = false
            }
}

internal fun removeButton(host: Host) =
    host.blocks.secondary(host.blocks.text(R.string.remove_button)) { host.go(Place(Place.Kind.REMOVE)) }

internal fun lostButton(host: Host) = host.blocks.secondary(host.blocks.text(R.string.lost_button)) { host.go(Place(Place.Kind.LOST)) }
