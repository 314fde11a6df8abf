package kr.example.wallet.app

import android.app.Activity
import android.app.Application
import android.os.Bundle

/**
 * Whether the citizen sees any screen of [application]'s, whoever wrote it: a face provider's own is one of them. A prompt of the system's
 * lies over a screen and takes none away; another app's screen does.
 */
internal class AppInFront(
    application: Application,
    private val came: () -> Unit,
    private val left: () -> Unit,
) : Application.ActivityLifecycleCallbacks {
    private var started = 0

    init {
        application.registerActivityLifecycleCallbacks(this)
    }

    override fun onActivityStarted(activity: Activity) {
        started += 1
        if (started == 1) came()
    }

    override fun onActivityStopped(activity: Activity) {
        started -= 1
        // A turned phone is no reason to ask the citizen again: the same screen starts anew at once.
        if (started == 0 && !activity.isChangingConfigurations) left()
    }

    override fun onActivityCreated(
        activity: Activity,
        state: Bundle?,
    ) = Unit

    override fun onActivityResumed(activity: Activity) = Unit

    override fun onActivityPaused(activity: Activity) = Unit

    override fun onActivitySaveInstanceState(
        activity: Activity,
        state: Bundle,
    ) = Unit

    override fun onActivityDestroyed(activity: Activity) = Unit
}
