package kr.example.wallet.app

import android.app.Application
import android.content.Context
import kr.example.wallet.android.AndroidPlatform
import kr.example.wallet.android.ForegroundActivity
import kr.example.wallet.android.PromptHost
import kr.example.wallet.core.FaceCheck
import kr.example.wallet.core.FaceCheckException
import kr.example.wallet.core.FaceEvidence
import kr.example.wallet.core.Language
import kr.example.wallet.core.Platform
import kr.example.wallet.core.Prompt
import kr.example.wallet.core.WalletConfig

/**
 * The process: this phone's hardware, the issuer of the app's assets, one wallet. Who ships the app extends it and hands in
 * their face provider; the development build puts another phone in.
 */
public open class WalletApp : Application() {
    private lateinit var prompts: PromptHost

    /** The process's one wallet. */
    public val door: Door by lazy { Door(::platform, ::config) }

    /** What stands above every screen; nothing in an app for citizens. */
    public open val notice: String? = null

    /** The language the system chose for this app's words. */
    internal val language: Language
        get() = coreLanguage

    /** The hourly refresh is due [at] that second. */
    internal fun refreshAt(at: Long): Unit = RefreshJob.schedule(this, at)

    override fun onCreate() {
        super.onCreate()
        prompts = PromptHost(ForegroundActivity(this))
        AppInFront(this, { door.back() }, { door.away() })
    }

    /** This phone, as the core sees it. */
    protected open fun platform(): Platform = AndroidPlatform.create(this, prompts, faceCheck())

    /** Whom the wallet trusts and where it lives, with prompts in [language]. */
    protected open fun config(language: Language): WalletConfig = IssuerAssets(this).config(language)

    /** The face provider the issuer believes. There is none until whoever ships the app has one: cards cannot be enrolled by tap then. */
    protected open fun faceCheck(): FaceCheck = NoFaceProvider

    private object NoFaceProvider : FaceCheck {
        override suspend fun compare(
            portrait: ByteArray,
            challenge: ByteArray,
            instanceKey: ByteArray,
            prompt: Prompt,
        ): FaceEvidence = throw FaceCheckException.Unavailable()
    }
}

/** The core's language for the words that the system chose for this context. */
internal val Context.coreLanguage: Language
    get() = if (getString(R.string.core_language) == "ko") Language.KOREAN else Language.ENGLISH
