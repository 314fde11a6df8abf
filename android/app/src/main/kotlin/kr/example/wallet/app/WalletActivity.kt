package kr.example.wallet.app

import android.Manifest
import android.app.Activity
import android.content.Intent
import android.content.pm.PackageManager
import android.os.Build
import android.os.Bundle
import android.util.TypedValue
import android.view.Gravity
import android.view.View
import android.view.ViewGroup.LayoutParams.MATCH_PARENT
import android.view.WindowInsets
import android.view.WindowManager
import android.view.WindowManager.LayoutParams.BRIGHTNESS_OVERRIDE_FULL
import android.view.WindowManager.LayoutParams.BRIGHTNESS_OVERRIDE_NONE
import android.widget.FrameLayout
import android.widget.LinearLayout
import android.widget.TextView
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.MainScope
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancel
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import kr.example.wallet.android.CardTap
import kr.example.wallet.core.Language
import kr.example.wallet.core.WalletException

/**
 * The app's one activity. What it shows is secret to screenshots and to the list of recent apps. Presenters outlive a turned
 * phone, the stack of screens outlives the process, and the wallet is locked when the citizen leaves the app.
 */
internal class WalletActivity :
    Activity(),
    Host {
    private lateinit var kept: Kept
    private lateinit var frame: FrameLayout
    private lateinit var heading: TextView
    private lateinit var backButton: TextView
    private var screen: Screen? = null
    private var visible: CoroutineScope? = null
    private var inFront: CoroutineScope? = null

    override val blocks: Blocks by lazy { Blocks(this) }
    override val phone: Phone by lazy { Phone(this) }
    override val cards: CardTap by lazy { CardTap(this) }
    override val language: Language
        get() = coreLanguage

    private val app: WalletApp
        get() = application as WalletApp

    override fun onCreate(saved: Bundle?) {
        super.onCreate(saved)
        window.setFlags(WindowManager.LayoutParams.FLAG_SECURE, WindowManager.LayoutParams.FLAG_SECURE)
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.S) window.setHideOverlayWindows(true)
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU) setRecentsScreenshotEnabled(false)
        @Suppress("DEPRECATION")
        val turned = lastNonConfigurationInstance as? Kept
        kept = turned?.takeIf { it.language == language } ?: Kept(app.door, language, app::refreshAt)
        if (kept.stack.isEmpty()) {
            kept.stack += Place(Place.Kind.HOME)
            kept.stack += turned?.again() ?: saved?.getStringArrayList(STACK).orEmpty().mapNotNull(Place::restore)
            turned?.end()
        }
        setContentView(layout())
        if (saved == null) opened(intent)
        present()
    }

    override fun onStart() {
        super.onStart()
        show()
        inFront?.cancel()
        inFront = MainScope().also { scope -> scope.launch { listen() } }
    }

    override fun onStop() {
        inFront?.cancel()
        hide()
        super.onStop()
    }

    override fun onDestroy() {
        // Nobody comes back to its presenters: an offer that one holds would keep the vault from being opened anew.
        if (!isChangingConfigurations) kept.end()
        super.onDestroy()
    }

    @Deprecated("what the platform offers without androidx")
    override fun onRetainNonConfigurationInstance(): Any = kept

    override fun onSaveInstanceState(state: Bundle) {
        super.onSaveInstanceState(state)
        state.putStringArrayList(STACK, ArrayList(kept.stack.mapNotNull(Place::saved)))
    }

    override fun onNewIntent(intent: Intent) {
        super.onNewIntent(intent)
        opened(intent)
    }

    @Deprecated("what the platform offers without androidx")
    override fun onBackPressed() {
        if (kept.stack.size > 1) {
            back()
        } else {
            @Suppress("DEPRECATION")
            super.onBackPressed()
        }
    }

    override fun onRequestPermissionsResult(
        request: Int,
        permissions: Array<String>,
        results: IntArray,
    ) {
        val answer = results.firstOrNull() ?: return
        if (request != CAMERA) return
        // Whom the system will not ask again it lets ask in vain.
        val forGood = answer != PackageManager.PERMISSION_GRANTED && !shouldShowRequestPermissionRationale(Manifest.permission.CAMERA)
        (screen as? ScanScreen)?.answered(forGood)
    }

    override fun go(place: Place) {
        if (kept.stack.last() == place) return
        kept.stack += place
        present()
    }

    override fun instead(place: Place) {
        kept.pop()
        go(place)
    }

    override fun back() {
        if (kept.isRemoving) return
        kept.pop()
        present()
    }

    override fun home() {
        while (kept.stack.size > 1) kept.pop()
        present()
    }

    override fun shine(brightly: Boolean) {
        val attributes = window.attributes
        attributes.screenBrightness = if (brightly) BRIGHTNESS_OVERRIDE_FULL else BRIGHTNESS_OVERRIDE_NONE
        window.attributes = attributes
        val awake = WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON
        if (brightly) window.addFlags(awake) else window.clearFlags(awake)
    }

    override fun askForCamera(): Unit = requestPermissions(arrayOf(Manifest.permission.CAMERA), CAMERA)

    /** A link that the system opened the app with: the browser's return, or a code for the one door. */
    private fun opened(intent: Intent?) {
        val link = intent?.takeIf { it.action == Intent.ACTION_VIEW }?.dataString ?: return
        // Opened from the list of recent apps, with the link of another day.
        if (intent.flags and Intent.FLAG_ACTIVITY_LAUNCHED_FROM_HISTORY != 0) return
        // Not again after a turn of the phone.
        intent.data = null
        if (kept.isRemoving) return
        home()
        if (link.startsWith("https:")) go(Place(Place.Kind.COME_BACK, link)) else go(Place(Place.Kind.SCAN, link))
    }

    /**
     * Hears what the issuer orders as long as the app is in front; the first screen says what it means. A wallet that was wiped may be
     * begun anew, and one that did not open may do so later.
     */
    private suspend fun listen() {
        while (true) {
            val pause =
                try {
                    app.door.beside(language) { id -> id.commands().collect { withContext(Dispatchers.Main) { commanded() } } }
                    AFTER_THE_END
                } catch (_: WalletException) {
                    // The first screen says why the wallet does not open.
                    AFTER_FAILURE
                } catch (_: NotSetUp) {
                    // … or that there is none.
                    AFTER_FAILURE
                }
            delay(pause)
        }
    }

    /** The first screen says what was ordered; not while the ID is removed, which says itself how that ends and must not be cut short. */
    private fun commanded() {
        if (!kept.isRemoving) home()
    }

    private fun present() {
        if (!::frame.isInitialized) return
        val running = visible != null
        hide()
        val next = kept.screen(this)
        // Screen readers say that another screen came.
        next.view.accessibilityPaneTitle = next.title
        screen = next
        heading.text = next.title
        title = next.title
        backButton.isThere = kept.stack.size > 1
        heading.setPadding(blocks.dp(if (backButton.isThere) 4 else Blocks.MARGIN), blocks.dp(12), blocks.dp(12), blocks.dp(12))
        frame.removeAllViews()
        frame.addView(next.view)
        if (running) show()
    }

    private fun show() {
        if (visible != null) return
        visible = MainScope().also { scope -> screen?.shown(scope) }
    }

    private fun hide() {
        val scope = visible ?: return
        visible = null
        scope.cancel()
        screen?.hidden()
    }

    private fun layout(): View {
        heading = blocks.subheading()
        backButton =
            blocks.heading("‹").apply {
                contentDescription = getString(R.string.back)
                gravity = Gravity.CENTER
                minWidth = blocks.dp(Blocks.TOUCH)
                minHeight = blocks.dp(Blocks.TOUCH)
                setTextSize(TypedValue.COMPLEX_UNIT_SP, 30f)
                isAccessibilityHeading = false
                isFocusable = true
                setOnClickListener { back() }
            }
        frame = FrameLayout(this)
        val bar =
            LinearLayout(this).apply {
                gravity = Gravity.CENTER_VERTICAL
                minimumHeight = blocks.dp(56)
                addView(backButton)
                addView(heading, LinearLayout.LayoutParams(0, LinearLayout.LayoutParams.WRAP_CONTENT, 1f))
            }
        return LinearLayout(this).apply {
            orientation = LinearLayout.VERTICAL
            setBackgroundColor(blocks.colour(R.color.paper))
            app.notice?.let { addView(notice(it)) }
            addView(bar)
            addView(frame, LinearLayout.LayoutParams(MATCH_PARENT, 0, 1f))
            // From Android 15 on the window lies under the system's bars and the keyboard.
            setOnApplyWindowInsetsListener { view, insets ->
                val room = insets.getInsets(WindowInsets.Type.systemBars() or WindowInsets.Type.displayCutout() or WindowInsets.Type.ime())
                view.setPadding(room.left, room.top, room.right, room.bottom)
                WindowInsets.CONSUMED
            }
        }
    }

    private fun notice(words: String) =
        blocks.quiet(words).apply {
            setTextColor(blocks.colour(R.color.on_primary))
            setBackgroundColor(blocks.colour(R.color.development))
            setPadding(blocks.dp(Blocks.MARGIN), blocks.dp(6), blocks.dp(Blocks.MARGIN), blocks.dp(6))
        }

    private companion object {
        const val STACK = "stack"
        const val CAMERA = 1

        /** Milliseconds until the issuer is listened to again. */
        const val AFTER_THE_END = 1000L
        const val AFTER_FAILURE = 15_000L
    }
}

/** What outlives a turned phone: the stack, and a presenter for each place on it. */
internal class Kept(
    door: Door,
    val language: Language,
    refreshAt: (Long) -> Unit,
) {
    private val scope = CoroutineScope(SupervisorJob() + Dispatchers.Main)
    private val wallets = Wallets(door, language, refreshAt)
    private val presenters = mutableMapOf<Place, Presenter<*>>()
    val stack = mutableListOf<Place>()

    /** The topmost place, as a screen of [host]. */
    fun screen(host: Host): Screen {
        val place = stack.last()
        return when (place.kind) {
            Place.Kind.HOME -> HomeScreen(host, of(place) { HomePresenter(scope, wallets) })
            Place.Kind.TAP -> TapScreen(host, of(place) { TapPresenter(scope, wallets) })
            Place.Kind.SCAN -> ScanScreen(host, of(place) { ScanPresenter(scope, wallets).also { door -> place.with?.let(door::seen) } })
            Place.Kind.OFFER -> OfferScreen(host, issuing(place, Errand.Take(place.with.orEmpty())))
            Place.Kind.COME_BACK -> OfferScreen(host, issuing(place, Errand.ComeBack(place.with.orEmpty())))
            Place.Kind.RESUME -> OfferScreen(host, issuing(place, Errand.Resume))
            Place.Kind.RENEW -> OfferScreen(host, issuing(place, Errand.Renew(place.with)))
            Place.Kind.SHOW -> ShowScreen(host, of(place) { ShowPresenter(scope, wallets, place.with) })
            Place.Kind.HISTORY -> HistoryScreen(host, of(place) { HistoryPresenter(scope, wallets) })
            Place.Kind.LOST -> LostScreen(host)
            Place.Kind.REMOVE -> RemoveScreen(host, of(place) { RemovePresenter(scope, wallets) })
        }
    }

    /** What begins anew in another language, above the first screen; an offer that was accepted does not. */
    fun again(): List<Place> = stack.drop(1).filter { it.isRepeatable && (presenters[it] as? IssuingPresenter)?.isAccepted != true }

    /** Whether the ID is removed at this moment. */
    val isRemoving: Boolean
        get() = (presenters[stack.last()] as? RemovePresenter)?.state?.value == RemoveState.Working

    /** Takes the topmost place away, and what it was doing. */
    fun pop() {
        if (stack.size > 1) presenters.remove(stack.removeAt(stack.lastIndex))?.leave()
    }

    /** Nobody comes back: the citizen has closed the app, speaks another language, or the system needed the room. */
    fun end() {
        presenters.values.forEach(Presenter<*>::leave)
        presenters.clear()
        scope.cancel()
    }

    private fun issuing(
        place: Place,
        errand: Errand,
    ) = of(place) { IssuingPresenter(scope, wallets, errand) }

    private inline fun <reified P : Presenter<*>> of(
        place: Place,
        make: () -> P,
    ): P = presenters.getOrPut(place, make) as P
}
