package kr.example.wallet.android

import android.content.Context
import kr.example.wallet.PlatformHttp
import kr.example.wallet.core.FaceCheck
import kr.example.wallet.core.Http
import kr.example.wallet.core.Platform

/** This phone, as the core sees it. */
public object AndroidPlatform {
    /**
     * The seam over Android's own APIs. The face is the provider's whom the app has a contract with.
     *
     * @param prompts where the prompts are shown: `PromptHost(ForegroundActivity(application))`.
     * @param report told of each key made and where it lives.
     */
    public fun create(
        context: Context,
        prompts: PromptHost,
        faceCheck: FaceCheck,
        http: Http = PlatformHttp(),
        report: (KeyHome) -> Unit = {},
    ): Platform =
        context.applicationContext.let { app ->
            Platform(
                keyStore = AndroidKeyStoreSeam(app, prompts, report),
                anchor = DeviceProtectedAnchor(app),
                http = http,
                clock = AndroidClock(),
                faceCheck = faceCheck,
            )
        }
}
