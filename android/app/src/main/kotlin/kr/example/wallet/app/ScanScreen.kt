package kr.example.wallet.app

import android.Manifest
import android.content.pm.PackageManager
import android.view.View
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.launch

/** The camera, and a field for those who cannot use one. */
internal class ScanScreen(
    host: Host,
    private val presenter: ScanPresenter,
) : Screen(host) {
    private val camera = CodeCamera(blocks.context, presenter::seen)
    private val preview =
        camera.view.apply {
            contentDescription = text(R.string.scan_camera)
            minimumHeight = blocks.dp(260)
        }
    private val noCamera = blocks.warning(text(R.string.scan_no_camera))
    private val allow = blocks.secondary(text(R.string.scan_allow)) { host.askForCamera() }
    private val trouble = TroubleBlock(host, null)
    private val typed = blocks.field().apply { isSaveEnabled = false }
    private val label =
        blocks.subheading(text(R.string.scan_text)).apply {
            typed.id = View.generateViewId()
            labelFor = typed.id
        }

    override val title = text(R.string.scan_title)
    override val view: View =
        blocks.page(
            blocks.body(text(R.string.scan_what)),
            trouble.view,
            preview,
            noCamera,
            allow,
            label,
            typed,
            blocks.secondary(text(R.string.scan_use)) { presenter.seen(typed.text.toString()) },
        )

    override fun shown(scope: CoroutineScope) {
        look()
        scope.launch { presenter.state.collect(::show) }
    }

    override fun hidden() = camera.close()

    /** Opens the camera where it may be used. */
    fun look() {
        val allowed = blocks.context.checkSelfPermission(Manifest.permission.CAMERA) == PackageManager.PERMISSION_GRANTED
        val opens = allowed && camera.open()
        preview.isThere = opens
        noCamera.isThere = !opens
        allow.isThere = !allowed
    }

    private fun show(state: ScanState) {
        when (state) {
            is ScanState.Looking -> trouble.show(state.trouble, withAct = false)
            is ScanState.Offer -> host.instead(Place(Place.Kind.OFFER, state.link))
            is ScanState.Desk -> host.instead(Place(Place.Kind.SHOW, state.text))
        }
    }
}
