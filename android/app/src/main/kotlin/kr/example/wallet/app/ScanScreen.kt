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
    private val camera = CodeCamera(blocks.context, presenter::seen, ::without)
    private val preview =
        camera.view.apply {
            contentDescription = text(R.string.scan_camera)
        }
    private val noCamera = blocks.warning()
    private val allow = blocks.secondary(text(R.string.scan_allow)) { host.askForCamera() }
    private val settings = blocks.secondary(text(R.string.open_settings)) { host.phone.openAppSettings() }
    private var isDenied = false
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
            settings,
            label,
            typed,
            blocks.secondary(text(R.string.scan_use)) { presenter.seen(typed.text.toString()) },
        )

    init {
        // Of its own it would take all the room there is, and leave none for the field.
        preview.layoutParams.height = blocks.dp(PREVIEW)
    }

    override fun shown(scope: CoroutineScope) {
        look()
        scope.launch { presenter.state.collect(::show) }
    }

    override fun hidden() = camera.close()

    /** The citizen said something about the camera; [forGood] when the system will not ask again. */
    fun answered(forGood: Boolean) {
        isDenied = forGood
        look()
    }

    /** Opens the camera where it may be used. */
    private fun look() {
        val allowed = blocks.context.checkSelfPermission(Manifest.permission.CAMERA) == PackageManager.PERMISSION_GRANTED
        val opens = allowed && camera.open()
        val asks = !allowed && camera.isThere
        preview.isThere = opens
        noCamera.isThere = !opens
        noCamera.say(text(if (asks) R.string.scan_not_allowed else R.string.scan_no_camera))
        allow.isThere = asks && !isDenied
        settings.isThere = asks && isDenied
    }

    /** The camera failed, or another app took it. */
    private fun without() {
        preview.isThere = false
        noCamera.isThere = true
        noCamera.say(text(R.string.scan_no_camera))
    }

    private fun show(state: ScanState) {
        when (state) {
            is ScanState.Looking -> trouble.show(state.trouble, withAct = false)
            is ScanState.Offer -> host.instead(Place(Place.Kind.OFFER, state.link))
            is ScanState.Desk -> host.instead(Place(Place.Kind.SHOW, state.text))
        }
    }

    private companion object {
        /** Density-independent pixels. */
        const val PREVIEW = 260
    }
}
