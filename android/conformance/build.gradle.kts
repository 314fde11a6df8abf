plugins { kotlin("jvm") }

kotlin { jvmToolchain(17) }

// Its own tests run over the simulator, by Maven.
sourceSets.test { kotlin.setSrcDirs(emptyList<String>()) }

dependencies {
    api(project(":walletkit"))
    api("junit:junit:4.13.2")
}
