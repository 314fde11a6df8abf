package kr.example.wallet.app

import android.view.View
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.launch
import kr.example.wallet.core.TransactionCodeView
import kr.example.wallet.core.stageText

/** The consent to an offer, and how getting the ID goes; a renewal and a resumption too. */
internal class OfferScreen(
    host: Host,
    private val presenter: IssuingPresenter,
) : Screen(host) {
    private val issuer = blocks.body()
    private val documents = blocks.body()
    private val digits = blocks.digits(null)
    private val described = blocks.quiet()
    private var asked: TransactionCodeView? = null
    private val wrong = TroubleBlock(host, null)
    private val label =
        blocks.subheading(text(R.string.offer_digits)).apply {
            digits.id = View.generateViewId()
            labelFor = digits.id
        }
    private val consent =
        blocks.column(
            blocks.heading(text(R.string.offer_question)),
            blocks.subheading(text(R.string.offer_issuer)),
            issuer,
            blocks.subheading(text(R.string.offer_documents)),
            documents,
            label,
            described,
            digits,
            wrong.view,
            blocks.primary(text(R.string.offer_accept)) { presenter.accept(if (digits.isThere) digits.take() else null) },
            blocks.secondary(text(R.string.offer_decline)) { host.home() },
        )
    private val status = blocks.status()
    private val bar = blocks.bar().apply { isIndeterminate = true }
    private val browser = blocks.primary(text(R.string.offer_open_browser)) { browse() }
    private val trouble = TroubleBlock(host, null)
    private val done = blocks.primary(text(R.string.issued_see)) { host.home() }
    private val close = blocks.secondary(text(R.string.close)) { host.home() }

    override val title =
        text(
            when (presenter.errand) {
                is Errand.Take -> R.string.offer_title
                is Errand.ComeBack, is Errand.Resume -> R.string.resume_title
                is Errand.Renew -> R.string.renew_title
            },
        )
    override val view: View = blocks.page(consent, status, bar, browser, trouble.view, done, close)

    override fun shown(scope: CoroutineScope) {
        if (presenter.state.value == IssuingState.Working(null)) presenter.begin()
        scope.launch { presenter.state.collect(::show) }
    }

    private fun show(state: IssuingState) {
        consent.isThere = state is IssuingState.Consent
        status.isThere = state !is IssuingState.Consent && state !is IssuingState.Trouble
        bar.isThere = state is IssuingState.Working
        browser.isThere = state is IssuingState.SignIn
        done.isThere = state is IssuingState.Done
        close.isThere = state is IssuingState.Trouble || state is IssuingState.Later
        trouble.show((state as? IssuingState.Trouble)?.trouble, withAct = false)
        when (state) {
            is IssuingState.Working -> {
                status.say(state.stage?.let { stageText(it, host.language) } ?: text(R.string.please_wait))
            }

            is IssuingState.Consent -> {
                ask(state)
            }

            is IssuingState.SignIn -> {
                status.say(text(R.string.offer_sign_in))
            }

            is IssuingState.Later -> {
                status.say(blocks.context.resources.getQuantityString(R.plurals.offer_later, state.minutes, state.minutes))
            }

            is IssuingState.Done -> {
                status.say(text(if (presenter.errand is Errand.Renew) R.string.renew_done else R.string.issued_done))
            }

            is IssuingState.Trouble -> {}
        }
    }

    private fun ask(state: IssuingState.Consent) {
        val offer = state.offer
        issuer.say(listOfNotNull(offer.issuerName, offer.issuer).joinToString("\n"))
        documents.say(offer.documents.joinToString("\n"))
        val code = offer.transactionCode
        // Only when it is another: a keyboard begins anew with each.
        if (code != asked) code?.let { digits.takes(it.numeric, it.length?.coerceAtMost(LONGEST)?.toInt()) }
        asked = code
        listOf(label, digits).forEach { it.isThere = code != null }
        described.isThere = code?.description != null
        described.say(code?.description.orEmpty())
        wrong.show(state.wrong, withAct = false)
    }

    private fun browse() {
        val url = (presenter.state.value as? IssuingState.SignIn)?.url ?: return
        if (!host.phone.browse(url)) status.say(text(R.string.offer_no_browser))
    }

    private companion object {
        /** Characters; nobody types more. */
        const val LONGEST = 64u
    }
}
