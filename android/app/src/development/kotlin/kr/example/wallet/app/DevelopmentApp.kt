package kr.example.wallet.app

import kr.example.wallet.PlatformHttp
import kr.example.wallet.android.AndroidClock
import kr.example.wallet.android.DeviceProtectedAnchor
import kr.example.wallet.core.Language
import kr.example.wallet.core.Platform
import kr.example.wallet.core.WalletConfig
import kr.example.wallet.simulator.Simulator
import java.io.File
import java.io.IOException

/**
 * **Development only**, in the build of that name and in tests: `wallet simulator` in place of the issuer, of the secure
 * hardware and of the face provider. Its keys are software on another machine; nothing it issues is an ID.
 */
public open class DevelopmentApp : WalletApp() {
    override val notice: String
        get() =
            when (language) {
                Language.KOREAN -> "개발용 빌드: 소프트웨어 키, 얼굴 미확인, 신분증 아님"
                Language.ENGLISH -> "DEVELOPMENT BUILD: keys in software, faces unchecked, no ID"
            }

    private val line: File
        get() = File(getExternalFilesDir(null), "simulator.json")

    /** The simulator whose first line lies in the app's external folder, as `simulator.json`. */
    protected val simulator: Simulator by lazy {
        try {
            Simulator.connect(line.readText())
        } catch (_: IOException) {
            throw NotSetUp("adb push simulator.json $line")
        }
    }

    override fun platform(): Platform {
        val phone =
            try {
                simulator.phone("development")
            } catch (_: IOException) {
                throw NotSetUp("adb reverse tcp:PORT tcp:PORT")
            }
        return Platform(phone, DeviceProtectedAnchor(this), PlatformHttp(), AndroidClock(), phone)
    }

    override fun config(language: Language): WalletConfig = simulator.config(File(IssuerAssets.vault(this)), language)
}
