package kr.example.wallet.android

import android.app.Activity
import android.app.Application
import android.os.Bundle
import java.lang.ref.WeakReference

/**
 * The activity the citizen sees, of all that [application] has: where a prompt is shown. Make it in `Application.onCreate`.
 */
public class ForegroundActivity(
    application: Application,
) : () -> Activity? {
    @Volatile private var shown = WeakReference<Activity>(null)

    init {
        application.registerActivityLifecycleCallbacks(
            object : Application.ActivityLifecycleCallbacks {
                override fun onActivityResumed(activity: Activity) {
                    shown = WeakReference(activity)
                }

                override fun onActivityStopped(activity: Activity) {
                    if (shown.get() === activity) shown = WeakReference(null)
                }

                override fun onActivityCreated(
                    activity: Activity,
                    state: Bundle?,
                ) = Unit

                override fun onActivityStarted(activity: Activity) = Unit

                override fun onActivityPaused(activity: Activity) = Unit

                override fun onActivitySaveInstanceState(
                    activity: Activity,
                    state: Bundle,
                ) = Unit

                override fun onActivityDestroyed(activity: Activity) = Unit
            },
        )
    }

    override fun invoke(): Activity? = shown.get()?.takeUnless { it.isFinishing || it.isDestroyed }
}
